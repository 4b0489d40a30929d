// The demo's camera, judged by content: echo, recording, and one page that others watch.

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DemoPage, withDemo } from '../lib/demo.js';
import { checkPictures, checkTone } from '../lib/judge.js';

const run = promisify(execFile);
const RECORDED_S = 3;

async function echoes(browser, demo) {
  for (const offerer of ['browser', 'server']) {
    const page = await DemoPage.open(browser, demo);
    await page.connect({ offerer });
    await page.camera('echo');
    checkTone(await page.compare('hear', 'own', 'echo'));
    checkPictures(await page.compare('see', 'own', 'echo'));
    await page.click('camera-stop');
    await page.until('no camera', () => !window.ironrtc.streams.own && !window.ironrtc.streams.echo);
    await page.echo('the connection goes on');
    await page.camera('echo');
    checkPictures(await page.compare('see', 'own', 'echo'));
    await page.close();
  }
}

// What FFmpeg says of a file: of each stream its kind, codec, number of decoded frames and times.
async function probe(path) {
  const { stderr } = await run('ffmpeg', ['-v', 'error', '-xerror', '-i', path, '-f', 'null', '-']);
  assert.equal(stderr, '', 'FFmpeg complains of nothing');
  const { stdout } = await run('ffprobe', ['-v', 'error', '-count_frames', '-of', 'json',
    '-show_entries', 'stream=codec_type,codec_name,nb_read_frames,width:packet=codec_type,pts_time', path]);
  const { streams, packets } = JSON.parse(stdout);
  return Object.fromEntries(streams.map((stream) => {
    const times = packets.filter((packet) => packet.codec_type === stream.codec_type).map((packet) => Number(packet.pts_time));
    return [stream.codec_type, { codec: stream.codec_name, width: stream.width, frames: Number(stream.nb_read_frames), seconds: Math.max(...times) }];
  }));
}

// How loud a file is at its loudest, in decibels below full scale.
async function loudness(path) {
  const { stderr } = await run('ffmpeg', ['-i', path, '-af', 'volumedetect', '-vn', '-f', 'null', '-']);
  return Number(stderr.match(/max_volume: (\S+) dB/)[1]);
}

async function record(page) {
  await page.camera('record');
  await page.until('a recording of some seconds', (selector, seconds) => {
    const row = document.querySelector(selector);
    return row && Number(row.textContent.match(/(\d+) s/)[1]) >= seconds;
  }, page.$('recording'), RECORDED_S);
  await page.click('camera-stop');
  await page.until('its end', (selector) => document.querySelector(selector), page.$('recording-save'));
  return page.page.$eval(page.$('recording-save'), (link) => ({ name: link.download, href: link.href }));
}

async function records(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  await page.page.$eval(page.$('name'), (input) => { input.value = '../../Ada'; });
  await page.connect();
  const { name, href } = await record(page);
  assert.equal(name, 'Ada-1.webm');
  assert.deepEqual(await readdir(demo.recordings), [name]);
  const path = join(demo.recordings, name);
  const { video, audio } = await probe(path);
  assert.match(video.codec, /^vp[89]$/);
  assert.equal(audio.codec, 'opus');
  for (const { seconds } of [video, audio]) {
    assert.ok(seconds > RECORDED_S - 1 && seconds < RECORDED_S + 10, `${seconds} s long`);
  }
  assert.ok(video.width > 0 && video.frames > 5 * video.seconds, `${video.frames} pictures in ${video.seconds} s`);
  assert.ok(Math.abs(audio.frames - audio.seconds * 50) < 15, `${audio.frames} frames of sound in ${audio.seconds} s`);
  assert.ok(await loudness(path) > -50, 'something is heard');
  // As players get it: whole, and in parts.
  const fetched = await page.page.evaluate(async (href) => {
    const whole = await fetch(href);
    const part = await fetch(href, { headers: { Range: 'bytes=4-7' } });
    return {
      type: whole.headers.get('content-type'), size: (await whole.arrayBuffer()).byteLength,
      status: part.status, part: (await part.arrayBuffer()).byteLength,
    };
  }, href);
  assert.ok(fetched.size > 1000);
  assert.deepEqual({ ...fetched, size: 0 }, { type: 'video/webm', size: 0, status: 206, part: 4 });
  const { name: second } = await record(page);
  assert.equal(second, 'Ada-2.webm');
  await page.close();
}

async function forwards(browser, demo) {
  const one = await DemoPage.open(browser, demo);
  await one.page.$eval(one.$('name'), (input) => { input.value = 'Ada'; });
  await one.connect();
  await one.camera('forward');
  const pages = [await DemoPage.open(browser, demo), await DemoPage.open(browser, demo)];
  for (const page of pages) {
    await page.ready();
    await page.click('camera-open');
    await page.until('the camera of Ada', (selector) => document.querySelector(selector), page.$('live-camera'));
    const waited = await page.page.$eval(page.$('live-camera'), async (row) => {
      const begun = performance.now();
      row.querySelector('button').click();
      const video = document.querySelector('#live-video');
      while (video.videoWidth === 0) await new Promise((resolve) => { setTimeout(resolve, 20); });
      return performance.now() - begun;
    });
    assert.ok(waited < 5000, `a page that comes late sees something after ${waited} ms`);
  }
  const [{ sent }, ...others] = await Promise.all([one.compare('see', 'own', 'own'),
    ...pages.map((page) => page.compare('see', 'live', 'live'))]);
  for (const { received } of others) checkPictures({ sent, received });
  checkTone(await pages[0].compare('hear', 'live', 'live'));
  await one.click('camera-stop');
  for (const page of pages) {
    await page.until('the end of Ada\'s camera', (selector) =>
      !document.querySelector(selector) && document.querySelector('#live').hidden, page.$('live-camera'));
  }
  await Promise.all([one, ...pages].map((page) => page.close()));
}

// A page that watches sends its own camera as well, and goes on when its purpose changes.
async function watchesAndSends(browser, demo) {
  const [one, two] = [await DemoPage.open(browser, demo), await DemoPage.open(browser, demo)];
  await Promise.all([one.ready(), two.ready()]);
  await one.camera('forward');
  await two.camera('echo');
  await two.until('a camera', (selector) => document.querySelector(selector), two.$('live-camera'));
  await two.page.$eval(`${two.$('live-camera')} button`, (button) => button.click());
  checkPictures(await two.compare('see', 'own', 'echo'));
  checkPictures(await two.compare('see', 'live', 'live'));
  await two.set('purpose-forward', true);
  await one.until('the camera of the other', (selector) => document.querySelector(selector), one.$('live-camera'));
  await one.page.$eval(`${one.$('live-camera')} button`, (button) => button.click());
  checkPictures(await one.compare('see', 'live', 'live'));
  await Promise.all([one.close(), two.close()]);
}

// What getUserMedia says is told in words.
async function lacksCamera(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  await page.ready();
  await page.click('camera-open');
  for (const [name, text] of [['NotAllowedError', /does not let this page/], ['NotFoundError', /no camera and no microphone/],
    ['NotReadableError', /another program/]]) {
    await page.page.evaluate((name) => {
      navigator.mediaDevices.getUserMedia = async () => { throw new DOMException('no', name); };
    }, name);
    await page.click('camera-start');
    await page.until('the reason', (selector) => !document.querySelector(selector).hidden, page.$('camera-error'));
    assert.match(await page.text('camera-error'), text);
    assert.equal(await page.text('camera-state'), 'off');
  }
  await page.page.evaluate(() => Object.defineProperty(navigator, 'mediaDevices', { value: undefined, configurable: true }));
  await page.click('camera-start');
  await page.until('the reason', (selector) => /https/.test(document.querySelector(selector).textContent), page.$('camera-error'));
  await page.close();
}

// A page without a camera sends its sound alone.
async function soundAlone(browser, demo) {
  const page = await DemoPage.open(browser, demo);
  await page.ready();
  await page.page.evaluate(() => {
    const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);
    navigator.mediaDevices.getUserMedia = async (wanted) => {
      if (wanted.video) throw new DOMException('no', 'NotFoundError');
      return ask(wanted);
    };
  });
  const { name } = await record(page);
  assert.match(await page.text('camera-state'), /off/);
  const { video, audio } = await probe(join(demo.recordings, name));
  assert.equal(video, undefined);
  assert.ok(audio.frames > 50, `${audio.frames} frames`);
  await page.close();
}

export const camera = [
  { name: 'the camera comes back, as often as one likes', run: echoes },
  { name: 'the camera becomes a file', run: records },
  { name: 'a camera is seen on other pages, at once', run: forwards },
  { name: 'a page watches and sends', run: watchesAndSends },
  { name: 'the lack of a camera is explained', run: lacksCamera },
  { name: 'sound is recorded alone', run: soundAlone },
].map(withDemo);
