// How long 64 bytes take there and back, over the channel whose messages the server repeats.

const SIZE = 64;
const KEPT = 60;
const INTERVAL = 1000;
const TIMEOUT = 5000;
const BURST = 200;

export class Ping {
  #value = document.getElementById('rtt');
  #detail = document.getElementById('rtt-detail');
  #button = document.getElementById('ping-test');
  #channel = null;
  #timer = 0;
  #number = 0;
  #waiting = new Map();
  #recent = [];
  #testing = false;

  constructor() {
    this.#button.addEventListener('click', () => this.#test());
  }

  attach(channel) {
    this.#channel = channel;
    this.#recent = [];
    channel.addEventListener('message', ({ data }) => this.#onEcho(data));
    channel.addEventListener('close', () => this.detach());
    const start = () => {
      this.#button.disabled = false;
      clearInterval(this.#timer);
      this.#timer = setInterval(() => this.#tick(), INTERVAL);
      this.#tick();
    };
    if (channel.readyState === 'open') start();
    else channel.addEventListener('open', start);
  }

  detach() {
    clearInterval(this.#timer);
    this.#channel = null;
    this.#button.disabled = true;
    for (const { reject } of this.#waiting.values()) reject(new Error('closed'));
    this.#waiting.clear();
    this.#value.textContent = '–';
  }

  async #tick() {
    if (this.#testing) return;
    try {
      const time = await this.#once();
      this.#recent = [...this.#recent, time].slice(-KEPT);
      this.#value.textContent = format(time);
      this.#detail.textContent = `median ${format(quantile(this.#recent, 0.5))} · best ${format(Math.min(...this.#recent))} ms`;
    } catch {
      // The state of the connection says more than this could.
    }
  }

  async #test() {
    if (this.#testing) return;
    this.#testing = true;
    this.#button.disabled = true;
    const times = [];
    try {
      while (times.length < BURST) times.push(await this.#once());
      this.#value.textContent = format(quantile(times, 0.5));
      this.#detail.textContent = `${BURST} echoes: best ${format(Math.min(...times))} · median ${format(quantile(times, 0.5))} · 95 % ${format(quantile(times, 0.95))} ms`;
    } catch (error) {
      this.#detail.textContent = `the test ended after ${times.length} echoes: ${error.message}`;
    }
    this.#testing = false;
    this.#button.disabled = !this.#channel;
  }

  #once() {
    const channel = this.#channel;
    if (channel?.readyState !== 'open') return Promise.reject(new Error('not connected'));
    const number = ++this.#number;
    const message = new Uint8Array(SIZE);
    new DataView(message.buffer).setUint32(0, number);
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(number);
        reject(new Error('no echo within 5 s'));
      }, TIMEOUT);
      this.#waiting.set(number, {
        resolve: (time) => { clearTimeout(timer); resolve(time); },
        reject: (error) => { clearTimeout(timer); reject(error); },
        sent: performance.now(),
      });
      channel.send(message);
    });
  }

  #onEcho(data) {
    if (!(data instanceof ArrayBuffer) || data.byteLength !== SIZE) return;
    const number = new DataView(data).getUint32(0);
    const waiting = this.#waiting.get(number);
    if (!waiting) return;
    this.#waiting.delete(number);
    waiting.resolve(performance.now() - waiting.sent);
  }
}

function quantile(values, q) {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * q))];
}

function format(milliseconds) {
  return milliseconds < 10 ? milliseconds.toFixed(1) : milliseconds.toFixed(0);
}
