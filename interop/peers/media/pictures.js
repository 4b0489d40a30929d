// Sound and pictures that are known again after they were encoded and decoded.

export const RATE = 48_000;
export const TONE = 440;
export const WIDTH = 320;
export const HEIGHT = 240;
// A picture is so many squares, of which each is black or white.
const COLUMNS = 16;
const ROWS = 12;
const [BLACK, WHITE] = [40, 210];

// Which squares of a picture are white, row after row: stripes, then its number again and again, each
// time one further to the left.
function squares(number) {
  return Array.from({ length: COLUMNS * ROWS }, (_, index) => {
    const [row, column] = [Math.floor(index / COLUMNS), index % COLUMNS];
    return row ? number >> ((column + row) % COLUMNS) & 1 : column % 2;
  });
}

function squareAt(x, y, width, height) {
  return Math.floor(y * ROWS / height) * COLUMNS + Math.floor(x * COLUMNS / width);
}

// A picture of its own number, as I420.
export function picture(number) {
  const white = squares(number);
  const data = new Uint8ClampedArray(WIDTH * HEIGHT * 3 / 2).fill(128);
  for (let y = 0; y < HEIGHT; y += 1) {
    for (let x = 0; x < WIDTH; x += 1) data[y * WIDTH + x] = white[squareAt(x, y, WIDTH, HEIGHT)] ? WHITE : BLACK;
  }
  return { width: WIDTH, height: HEIGHT, data };
}

// The number that a picture of I420 shows, if all of it shows that number.
export function numberOf({ width, height, data }) {
  const seen = Array.from({ length: COLUMNS * ROWS }, (_, index) => {
    const x = Math.floor((index % COLUMNS + 0.5) * width / COLUMNS);
    const y = Math.floor((Math.floor(index / COLUMNS) + 0.5) * height / ROWS);
    return Number(data[y * width + x] > (BLACK + WHITE) / 2);
  });
  let number = 0;
  for (let bit = 0; bit < COLUMNS; bit += 1) number |= seen[COLUMNS + (bit + COLUMNS - 1) % COLUMNS] << bit;
  return squares(number).every((value, index) => value === seen[index]) ? number : undefined;
}

// So many samples of the tone, from one on.
export function tone(from, count) {
  return Int16Array.from({ length: count }, (_, n) => 8000 * Math.sin(2 * Math.PI * TONE * (from + n) / RATE));
}

// The frequency that is loudest, in steps of 10 Hz (Goertzel's filter).
export function loudest(samples) {
  let best = { frequency: 0, strength: 0 };
  for (let frequency = 100; frequency < 2000; frequency += 10) {
    const factor = 2 * Math.cos(2 * Math.PI * frequency / RATE);
    let [last, before] = [0, 0];
    for (const sample of samples) [last, before] = [sample + factor * last - before, last];
    const strength = last * last + before * before - factor * last * before;
    if (strength > best.strength) best = { frequency, strength };
  }
  return best.frequency;
}
