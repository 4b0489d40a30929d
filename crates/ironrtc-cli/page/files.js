// The files' card: what is on its way, and what the server has.

import { bytes, button, makeRow } from '/rows.js';
import { download, upload } from '/transfer.js';

const MAX_ROWS = 30;
const MIB = 1024 * 1024;

export class Files {
  #transfers = document.getElementById('transfers');
  #list = document.getElementById('server-files');
  #empty = document.getElementById('files-empty');
  #input = document.getElementById('file');
  #drop = document.getElementById('drop');
  #size = document.getElementById('test-size');
  #sendTest = document.getElementById('test-send');
  #fetchTest = document.getElementById('test-fetch');
  #pc = null;

  constructor() {
    this.#input.addEventListener('change', () => {
      this.#sendAll(this.#input.files);
      this.#input.value = '';
    });
    this.#drop.addEventListener('dragover', (event) => {
      event.preventDefault();
      this.#drop.classList.toggle('over', !this.#input.disabled);
    });
    this.#drop.addEventListener('dragleave', () => this.#drop.classList.remove('over'));
    this.#drop.addEventListener('drop', (event) => {
      event.preventDefault();
      this.#drop.classList.remove('over');
      this.#sendAll(event.dataTransfer.files);
    });
    this.#sendTest.addEventListener('click', () => {
      const size = this.#size.value * MIB;
      this.#send(new Blob([noise(size)]), `browser-test-${this.#size.value}-MiB.bin`);
    });
    this.#fetchTest.addEventListener('click', () => {
      const size = this.#size.value * MIB;
      this.#fetch(`test:${size}`, `test file, ${this.#size.value} MiB`, size);
    });
  }

  attach(pc) {
    this.#pc = pc;
    this.#enable(true);
  }

  detach() {
    this.#pc = null;
    this.#enable(false);
    this.show([]);
  }

  /** The server's files. */
  show(files) {
    this.#empty.hidden = files.length > 0;
    this.#list.replaceChildren(...files.map((file) => {
      const row = makeRow('', '↧', file.name);
      row.dataset.testid = 'server-file';
      row.dataset.sha256 = file.sha256;
      row.querySelector('.detail').textContent = `${bytes(file.size)} · from ${file.from}`;
      row.querySelector('.action').append(button('Get', () => this.#fetch(file.id, file.name, file.size)));
      return row;
    }));
  }

  #enable(enabled) {
    for (const control of [this.#input, this.#sendTest, this.#fetchTest]) control.disabled = !enabled;
    for (const control of this.#list.querySelectorAll('button')) control.disabled = !enabled;
  }

  #sendAll(files) {
    if (this.#pc) for (const file of files) this.#send(file, file.name);
  }

  #send(file, name) {
    if (!this.#pc) return;
    const row = this.#addRow('up', '↑', name, file.size);
    const { done, cancel } = upload(this.#pc, file, name, row.progress);
    row.follow(done, cancel, 'sent');
  }

  #fetch(id, name, size) {
    if (!this.#pc) return;
    const row = this.#addRow('down', '↓', name, size);
    const { done, cancel } = download(this.#pc, id, row.announce, row.progress);
    row.follow(done, cancel, 'received');
  }

  #addRow(way, arrow, name, size) {
    const row = makeRow(way, arrow, name);
    row.dataset.testid = 'transfer';
    row.dataset.state = 'running';
    const bar = document.createElement('progress');
    bar.max = Math.max(size, 1);
    bar.value = 0;
    row.append(bar);
    const detail = row.querySelector('.detail');
    const started = performance.now();
    let shown = 0;
    this.#transfers.prepend(row);
    while (this.#transfers.children.length > MAX_ROWS) this.#transfers.lastChild.remove();
    const progress = (done) => {
      const now = performance.now();
      if (now - shown < 100) return;
      shown = now;
      bar.value = done;
      detail.textContent = `${bytes(done)} of ${bytes(size)} · ${rate(done, now - started)}`;
    };
    return {
      progress,
      announce: (announced, total) => {
        size = total;
        bar.max = Math.max(total, 1);
        row.querySelector('.title').textContent = announced;
      },
      follow: (done, cancel, verb) => {
        const action = row.querySelector('.action');
        action.append(button('Cancel', cancel));
        done.then(({ sha256, blob, name: saved }) => {
          const seconds = performance.now() - started;
          row.dataset.state = 'done';
          row.dataset.sha256 = sha256;
          detail.textContent = `${bytes(size)} ${verb} · ${rate(size, seconds)}`;
          row.append(hashLine(sha256));
          action.replaceChildren();
          if (blob) action.append(saveLink(blob, saved));
        }, (error) => {
          row.dataset.state = 'failed';
          detail.textContent = `not ${verb}: ${error.message}`;
          action.replaceChildren();
        }).finally(() => bar.remove());
      },
    };
  }
}

function hashLine(sha256) {
  const line = document.createElement('code');
  line.className = 'hash';
  line.dataset.testid = 'hash';
  line.textContent = `SHA-256 matches ${sha256}`;
  line.title = `SHA-256 ${sha256}`;
  return line;
}

function saveLink(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.textContent = 'Save';
  link.dataset.testid = 'save';
  return link;
}

/** Bytes that look random, fast. */
function noise(size) {
  const words = new Uint32Array(Math.ceil(size / 4));
  let x = (Math.random() * 0x100000000) | 1;
  for (let i = 0; i < words.length; i++) {
    x ^= x << 13; x ^= x >>> 17; x ^= x << 5;
    words[i] = x;
  }
  return new Uint8Array(words.buffer, 0, size);
}

function rate(count, milliseconds) {
  const megabits = count * 8 / 1000 / Math.max(milliseconds, 1);
  return `${megabits < 10 ? megabits.toFixed(1) : megabits.toFixed(0)} Mbit/s`;
}
