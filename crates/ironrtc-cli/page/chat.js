// The chat: what the server repeats, and what other pages say.

const MAX_LINES = 200;

export class Chat {
  #log = document.getElementById('log');
  #people = document.getElementById('people');
  #text = document.getElementById('say-text');
  #button = document.getElementById('say-send');
  #channel = null;
  #name = '';
  #onFiles;

  /** `onFiles` gets the list of the server's files. */
  constructor(onFiles) {
    this.#onFiles = onFiles;
    document.getElementById('say').addEventListener('submit', (event) => {
      event.preventDefault();
      this.#say(this.#text.value.trim());
    });
  }

  /** Our name, as the server has it. */
  set name(name) {
    this.#name = name;
  }

  attach(channel) {
    this.#channel = channel;
    channel.addEventListener('open', () => this.#enable());
    channel.addEventListener('message', ({ data }) => this.#onMessage(JSON.parse(data)));
    channel.addEventListener('close', () => this.detach());
    if (channel.readyState === 'open') this.#enable();
  }

  detach() {
    this.#channel = null;
    this.#text.disabled = this.#button.disabled = true;
    this.#people.textContent = 'nobody here';
  }

  /** A line that nobody said. */
  note(text) {
    this.#add('note', '', text);
  }

  #enable() {
    this.#text.disabled = this.#button.disabled = false;
  }

  #say(text) {
    if (!text || this.#channel?.readyState !== 'open') return;
    this.#channel.send(JSON.stringify({ type: 'say', text }));
    this.#add('own', this.#name, text);
    this.#text.value = '';
  }

  #onMessage(message) {
    switch (message.type) {
      case 'message':
        this.#add(message.echo ? 'echo' : 'other', message.from, message.text);
        break;
      case 'people':
        this.#showPeople(message.people);
        break;
      case 'files':
        this.#onFiles(message.files);
        break;
      case 'error':
        this.note(message.text);
        break;
    }
  }

  #showPeople(people) {
    const others = people.filter((name) => name !== this.#name);
    this.#people.textContent = others.length ? `you, ${others.join(', ')}` : 'you and the server';
    this.#people.title = people.join(', ');
  }

  #add(kind, from, text) {
    const line = document.createElement('li');
    line.className = kind;
    line.dataset.testid = `line-${kind}`;
    if (from) {
      const name = document.createElement('b');
      name.textContent = kind === 'echo' ? 'server, repeating' : from;
      line.append(name);
    }
    line.append(text);
    this.#log.append(line);
    while (this.#log.children.length > MAX_LINES) this.#log.firstChild.remove();
    this.#log.scrollTop = this.#log.scrollHeight;
  }
}
