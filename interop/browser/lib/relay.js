// A connection over a relay that loses packets (interop/peer/src/relay.rs).

import { networkInterfaces } from 'node:os';

// Where browsers have a socket too: they use no loopback interface.
function ownAddress() {
  const all = Object.values(networkInterfaces()).flat();
  return (all.find(({ family, internal }) => family === 'IPv4' && !internal) ?? { address: '127.0.0.1' }).address;
}

// Only what is sent from one socket is passed on, so IronRTC gets one.
export const BEHIND_RELAY = { bind: [`${ownAddress()}:0`] };

// A description whose only candidate is a port of the relay.
function at(description, port) {
  const candidate = `a=candidate:1 1 udp 2130706431 ${ownAddress()} ${port} typ host\r\n`;
  return { ...description, sdp: description.sdp.replace(/(a=candidate:.*\r\n)+/g, candidate) };
}

// The page offers, over a relay that loses so many packets in a thousand.
export async function negotiateOverRelay(iron, page, loss, seed) {
  const [forPage, forIron] = await iron.command('relay', { address: ownAddress(), loss, delay: 10, seed });
  await page.setLocal(await page.createOffer());
  await iron.setRemote(at(await page.gathered(), forIron));
  await iron.echo();
  await iron.setLocal();
  await page.setRemote(at(await iron.gathered(), forPage));
}
