// The connection's card: states of both ends, the path, and rates from getStats of both ends.

const POINTS = 60;
const GOOD = new Set(['stable', 'complete', 'connected', 'completed', 'open']);
const BAD = new Set(['failed']);
const IDLE = new Set(['–', 'new', 'closed']);
const LAYERS = [
  ['signaling', 'Signaling'], ['gathering', 'Gathering'], ['ice', 'ICE'],
  ['connection', 'Connection'], ['dtls', 'DTLS'], ['sctp', 'SCTP'],
];

const byId = (id) => document.getElementById(id);

export class State {
  #cells = new Map();
  #server = null;
  #link = null;
  #timer = 0;
  #rates = { up: [], down: [] };
  #counters = new Map();
  #since = 0;

  constructor() {
    for (const [key, label] of LAYERS) {
      const row = byId('states').insertRow();
      const head = document.createElement('th');
      head.scope = 'row';
      head.textContent = label;
      row.append(head);
      for (const side of ['browser', 'server']) {
        const cell = row.insertCell();
        cell.id = `${key}-${side}`;
        cell.dataset.testid = cell.id;
        this.#cells.set(cell.id, cell);
        set(cell, '–');
      }
    }
    this.#draw();
  }

  attach(link) {
    this.#link = link;
    this.#server = null;
    this.#since = 0;
    this.#counters.clear();
    this.#rates = { up: [], down: [] };
    link.addEventListener('change', () => this.#showStates());
    link.addEventListener('server', ({ detail }) => {
      this.#server = detail;
      this.#showServer();
    });
    clearInterval(this.#timer);
    this.#timer = setInterval(() => this.#sample(), 1000);
  }

  detach() {
    clearInterval(this.#timer);
    this.#showStates();
    for (const [key] of LAYERS) set(this.#cells.get(`${key}-server`), '–');
    for (const id of ['rate-up', 'rate-down', 'rate-up-server', 'rate-down-server']) byId(id).textContent = '0';
    for (const id of ['pair', 'pair-local', 'pair-remote', 'candidates']) byId(id).textContent = '–';
    byId('uptime').textContent = '';
  }

  #showStates() {
    const pc = this.#link?.pc;
    if (!pc) return;
    const values = {
      signaling: pc.signalingState,
      gathering: pc.iceGatheringState,
      ice: pc.iceConnectionState,
      connection: pc.connectionState,
      dtls: pc.sctp?.transport?.state,
      sctp: pc.sctp?.state,
    };
    for (const [key] of LAYERS) set(this.#cells.get(`${key}-browser`), values[key] ?? '–');
  }

  #showServer() {
    for (const [key] of LAYERS) set(this.#cells.get(`${key}-server`), this.#server[key] ?? '–');
    const { timestamp, bytesSent, bytesReceived } = this.#server;
    byId('rate-up-server').textContent = format(this.#rate('server-received', timestamp, bytesReceived));
    byId('rate-down-server').textContent = format(this.#rate('server-sent', timestamp, bytesSent));
  }

  async #sample() {
    const pc = this.#link?.pc;
    if (!pc || pc.connectionState === 'closed') return;
    this.#showStates();
    let report;
    try {
      report = await pc.getStats();
    } catch {
      return; // Closed in between.
    }
    const all = [...report.values()];
    const pairs = all.filter(({ type }) => type === 'candidate-pair');
    const sum = (name) => pairs.reduce((total, pair) => total + (pair[name] ?? 0), 0);
    const now = pairs[0]?.timestamp ?? performance.now();
    const up = this.#rate('sent', now, sum('bytesSent'));
    const down = this.#rate('received', now, sum('bytesReceived'));
    byId('rate-up').textContent = format(up);
    byId('rate-down').textContent = format(down);
    this.#rates.up = [...this.#rates.up, up].slice(-POINTS);
    this.#rates.down = [...this.#rates.down, down].slice(-POINTS);
    this.#draw();
    this.#showPair(report, all, pairs);
    this.#showUptime(pc);
  }

  #rate(key, timestamp, count) {
    const before = this.#counters.get(key);
    const time = timestamp - (before?.timestamp ?? timestamp);
    // A change of state brings reports that are too close together to make a rate of them.
    if (before && time < 500) return before.rate;
    const rate = before ? Math.max(0, (count - before.count) * 8 / 1000 / time) : 0;
    this.#counters.set(key, { timestamp, count, rate });
    return rate;
  }

  #showPair(report, all, pairs) {
    const transport = all.find(({ type }) => type === 'transport');
    // Firefox marks the pair itself.
    const pair = report.get(transport?.selectedCandidatePairId)
      ?? pairs.find(({ selected }) => selected) ?? pairs.find(({ nominated }) => nominated);
    const local = report.get(pair?.localCandidateId);
    const remote = report.get(pair?.remoteCandidateId);
    if (local && remote) {
      byId('pair').textContent = `${local.candidateType} → ${remote.candidateType}, ${local.protocol}`
        + (pair.currentRoundTripTime !== undefined ? `, ${(pair.currentRoundTripTime * 1000).toFixed(1)} ms` : '');
      byId('pair-local').textContent = address(local);
      byId('pair-remote').textContent = address(remote);
    }
    byId('candidates').textContent = ['local', 'remote'].map((side) => {
      const found = all.filter(({ type }) => type === `${side}-candidate`);
      const kinds = [...new Set(found.map(({ candidateType }) => candidateType))];
      return `${found.length} ${side}${kinds.length ? ` (${kinds.join(', ')})` : ''}`;
    }).join(' · ');
  }

  #showUptime(pc) {
    if (pc.connectionState !== 'connected') return;
    this.#since ||= Date.now();
    const seconds = Math.floor((Date.now() - this.#since) / 1000);
    byId('uptime').textContent = `for ${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`;
  }

  #draw() {
    const peak = Math.max(...this.#rates.up, ...this.#rates.down, 0);
    const top = Math.max(peak, 1) * 1.1;
    for (const way of ['up', 'down']) {
      const values = [...Array(POINTS - this.#rates[way].length).fill(0), ...this.#rates[way]];
      const points = values.map((value, i) => `${(i * 300 / (POINTS - 1)).toFixed(1)},${(63 - value / top * 62).toFixed(1)}`);
      document.querySelector(`#spark .line.${way}`).setAttribute('d', `M${points.join('L')}`);
      document.querySelector(`#spark .area.${way}`).setAttribute('d', `M0,63L${points.join('L')}L300,63Z`);
    }
    byId('spark-max').textContent = `peak ${format(peak)} Mbit/s`;
  }
}

function set(cell, value) {
  cell.textContent = value;
  cell.dataset.tone = IDLE.has(value) ? '' : GOOD.has(value) ? 'good' : BAD.has(value) ? 'bad' : 'wait';
}

function address({ candidateType, address: host, ip, port }) {
  // Chromium hides its own addresses behind mDNS names, and leaves them empty here.
  const shown = host || ip;
  if (!shown) return `${candidateType}, address hidden by the browser`;
  return `${candidateType} ${shown.includes(':') ? `[${shown}]` : shown}:${port}`;
}

function format(megabits) {
  if (megabits < 0.05) return '0';
  return megabits < 10 ? megabits.toFixed(1) : megabits.toFixed(0);
}
