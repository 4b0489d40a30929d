// Debian's browsers, headless.

import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import puppeteer from 'puppeteer-core';

const CHROMIUM_FLAGS = [
  '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-sync',
  '--disable-background-networking', '--disable-component-update', '--disable-dev-shm-usage',
  // Pages of a test in the background run at full speed.
  '--disable-background-timer-throttling', '--disable-renderer-backgrounding',
  '--disable-backgrounding-occluded-windows',
  // A camera and a microphone that show and say the same each time, without a question.
  '--use-fake-device-for-media-stream', '--use-fake-ui-for-media-stream',
  '--autoplay-policy=no-user-gesture-required',
];

const FIREFOX_SETTINGS = {
  'app.update.disabledForTesting': true,
  'datareporting.policy.dataSubmissionEnabled': false,
  // Pages of a test in the background run at full speed.
  'dom.min_background_timeout_value': 4,
  'dom.min_background_timeout_value_without_budget_throttling': 4,
  'dom.timeout.enable_budget_timer_throttling': false,
  'media.autoplay.blocking_policy': 0,
  'media.autoplay.default': 0,
  'media.navigator.permission.disabled': true,
  'media.navigator.streams.fake': true,
  'media.suspend-background-video.enabled': false,
  'network.captive-portal-service.enabled': false,
  'network.connectivity-service.enabled': false,
  'toolkit.telemetry.enabled': false,
};

const KINDS = {
  chromium: {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    options: { browser: 'chrome', args: CHROMIUM_FLAGS, headless: true },
  },
  firefox: {
    executablePath: process.env.FIREFOX ?? '/usr/bin/firefox-esr',
    options: { browser: 'firefox', extraPrefsFirefox: FIREFOX_SETTINGS, headless: true },
  },
};

// A page on this machine is a secure context, which the browser's hash functions ask for.
async function servePage() {
  const scripts = new Map();
  for (const name of ['/media.js', '/content.js', '/peer.js']) {
    scripts.set(name, await readFile(new URL(`../page${name}`, import.meta.url)));
  }
  const page = [...scripts.keys()].map((name) => `<script src="${name}"></script>`).join('');
  const server = createServer((request, response) => {
    const script = scripts.get(request.url);
    response.setHeader('Content-Type', script ? 'text/javascript' : 'text/html');
    response.end(script ?? `<!doctype html><body></body>${page}`);
  });
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, url: `http://127.0.0.1:${server.address().port}/` };
}

export class Browser {
  // `flags` are more arguments of the command.
  static async launch(kind, { flags = [], ...settings } = {}) {
    const { executablePath, options } = KINDS[kind];
    if (!existsSync(executablePath)) throw new Error(`${executablePath} is not installed; run scripts/test`);
    const profile = await mkdtemp(join(tmpdir(), `ironrtc-${kind}-`));
    const self = new Browser();
    self.kind = kind;
    self.profile = profile;
    Object.assign(self, await servePage());
    self.handle = await puppeteer.launch({
      executablePath, userDataDir: profile, acceptInsecureCerts: true, ...options, args: [...options.args ?? [], ...flags], ...settings,
    });
    self.version = await self.handle.version();
    return self;
  }

  // A window of its own: in the background, Firefox draws once a second.
  newPage() {
    return this.handle.newPage({ type: 'window' });
  }

  async close() {
    await this.handle.close();
    this.server.close();
    await rm(this.profile, { recursive: true, force: true, maxRetries: 5 });
  }
}
