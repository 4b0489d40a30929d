// The events of a peer, in order, each taken by one waiter.

import { AssertionError } from 'node:assert/strict';

const DEFAULT_TIMEOUT = 15_000;

export class Events {
  #log = [];
  #waiters = [];

  push(event) {
    const waiter = this.#waiters.find(({ matches }) => matches(event));
    this.#log.push({ event, taken: Boolean(waiter) });
    if (waiter) {
      this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
      waiter.resolve(event);
    }
  }

  // The first event, past or to come, that matches and that nobody took.
  next(what, matches, timeout = DEFAULT_TIMEOUT) {
    const found = this.#log.find((entry) => !entry.taken && matches(entry.event));
    if (found) {
      found.taken = true;
      return Promise.resolve(found.event);
    }
    return this.upcoming(what, matches, timeout);
  }

  // The same, of those to come.
  upcoming(what, matches, timeout = DEFAULT_TIMEOUT) {
    return new Promise((resolve, reject) => {
      const waiter = { matches, resolve: (event) => { clearTimeout(timer); resolve(event); } };
      const timer = setTimeout(() => {
        this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
        reject(new Error(`${what} did not come within ${timeout / 1000} s; events:\n${this}`));
      }, timeout);
      this.#waiters.push(waiter);
    });
  }

  // Whether such an event came, taken or not.
  seen(matches) {
    return this.#log.some(({ event }) => matches(event));
  }

  toString() {
    return this.#log.slice(-40).map(({ event }) => `  ${JSON.stringify(event).slice(0, 200)}`).join('\n');
  }
}

export async function within(what, promise, timeout = DEFAULT_TIMEOUT) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what} took over ${timeout / 1000} s`)), timeout);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

// Runs a check until it passes, and gives what it gives. What it throws at the end of the time is the
// failure, so that it tells what was seen last.
export async function eventually(check, timeout = DEFAULT_TIMEOUT) {
  for (const end = performance.now() + timeout; ;) {
    try {
      return await check();
    } catch (error) {
      if (performance.now() > end || !(error instanceof AssertionError)) throw error;
    }
    await new Promise((resolve) => { setTimeout(resolve, 50); });
  }
}
