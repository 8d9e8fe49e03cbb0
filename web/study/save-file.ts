/**
 * A text as a file that the browser saves. Nothing is sent: the file is made in the page.
 */

/** `type` as in `text/plain`; the text is UTF-8. */
export function saveFile(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type: `${type};charset=utf-8` }));
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // a browser may still be reading when click() returns
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}

/** The day of a time on the reader's clock, for the name of a file: 2026-01-31. */
export function dayName(timeMs: number): string {
  const time = new Date(timeMs);
  const two = (part: number) => String(part).padStart(2, '0');
  return `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
}
