// Rows of a list: what they are made of, and how sizes are said.

const MIB = 1024 * 1024;

/** A row with the parts `arrow`, `title`, `detail` and `action`. */
export function makeRow(way, arrow, name) {
  const row = document.createElement('li');
  row.className = 'row';
  if (way) row.dataset.way = way;
  for (const [kind, text] of [['arrow', arrow], ['title', name], ['detail', ''], ['action', '']]) {
    const part = document.createElement('span');
    part.className = kind;
    part.textContent = text;
    row.append(part);
  }
  row.querySelector('.title').title = name;
  return row;
}

/** A button of a row. */
export function button(text, onClick) {
  const element = document.createElement('button');
  element.type = 'button';
  element.textContent = text;
  element.addEventListener('click', onClick);
  return element;
}

/** A number of bytes, for people. */
export function bytes(count) {
  if (count < 1024) return `${count} B`;
  if (count < MIB) return `${(count / 1024).toFixed(0)} KiB`;
  const mib = count / MIB;
  return `${mib < 10 && !Number.isInteger(mib) ? mib.toFixed(1) : mib.toFixed(0)} MiB`;
}
