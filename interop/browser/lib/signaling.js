// Offer and answer between two connections, as an application would carry them.

import { Events } from './events.js';

// Everything at once: descriptions carry the candidates.
export async function negotiate(offerer, answerer, options) {
  await offerer.setLocal(await offerer.createOffer(options));
  await answerer.setRemote(await offerer.gathered());
  await answerer.setLocal(await answerer.createAnswer());
  await offerer.setRemote(await answerer.gathered());
}

// Perfect negotiation (webrtc-pc section 10.7) and trickled candidates, over an ordered channel.
// `first` is polite: it gives way when both offer at once.
export class Trickle {
  collisions = 0;
  #fail;
  // Never comes, unless a step of the exchange fails: then it throws that.
  failed = new Promise((_, reject) => { this.#fail = reject; });
  #gate = Promise.resolve();
  #negotiations = new Events();

  constructor(polite, impolite) {
    this.sides = [polite, impolite].map((connection, index) => {
      const side = { connection, polite: index === 0, making: false, ignoring: false, incoming: Promise.resolve() };
      // What goes out waits for the description before it, the first candidate for the first one.
      side.outgoing = new Promise((resolve) => { side.described = resolve; });
      return side;
    });
    const [one, two] = this.sides;
    this.#listen(one, two);
    this.#listen(two, one);
    this.failed.catch(() => {});
  }

  #listen(side, other) {
    const { peer, name } = side.connection;
    const push = peer.events.push.bind(peer.events);
    peer.events.push = (event) => {
      push(event);
      if (event.pc !== name) return;
      if (event.event === 'icecandidate') {
        // Never ahead of the description that it belongs to.
        side.outgoing.then(() => this.#deliver(other, () => this.#candidate(other, event.candidate)));
      }
      if (event.event === 'negotiationneeded') this.offer(side);
    };
  }

  // The peer takes one thing after another, in the order in which they were sent.
  #deliver(side, job) {
    side.incoming = side.incoming.then(() => this.#gate).then(job).catch(this.#fail);
  }

  // Sets the fitting local description and sends it.
  #describe(side) {
    const other = this.#other(side);
    side.outgoing = side.connection.setLocal().then(
      (description) => this.#deliver(other, () => this.#description(other, description)),
      this.#fail,
    );
    side.described(side.outgoing);
    return side.outgoing;
  }

  #other(side) {
    return this.sides[side === this.sides[0] ? 1 : 0];
  }

  async offer(side) {
    side.making = true;
    await this.#describe(side);
    side.making = false;
  }

  async #description(side, description) {
    const { connection } = side;
    if (description.type === 'offer') {
      const { signaling } = await connection.states();
      const collision = side.making || signaling !== 'stable';
      if (collision) this.collisions += 1;
      side.ignoring = collision && !side.polite;
      if (side.ignoring) return;
    }
    await connection.setRemote(description);
    if (description.type === 'offer') {
      await this.#describe(side);
    } else {
      this.#negotiations.push({ done: true });
    }
  }

  async #candidate(side, candidate) {
    try {
      await side.connection.addCandidate(candidate);
    } catch (error) {
      if (!side.ignoring) throw error;
    }
  }

  // Both sides make an offer, by `cause`, before either hears of the other's.
  async collide(cause) {
    let open;
    this.#gate = new Promise((resolve) => { open = resolve; });
    const both = this.sides.map(({ connection: { peer, name } }) =>
      peer.events.upcoming(`${peer.name}: an offer`, (e) => e.pc === name && e.state === 'have-local-offer'));
    await cause();
    await Promise.all(both);
    open();
  }

  // An offer was answered and the answer applied.
  negotiated(timeout) {
    return Promise.race([this.failed, this.#negotiations.next('an answer', () => true, timeout)]);
  }

  // Throws what failed so far.
  check() {
    return Promise.race([this.failed, Promise.resolve()]);
  }
}
