/**
 * Takes Svelte's comments out of a page's still pictures. The browser never takes these over: it
 * removes them whole, and makes them anew before it prints. So what marks places for hydration
 * within them is ballast, a twentieth of a page.
 *
 * The two comments around the pictures stay, for by them the browser finds what to remove.
 * Not here: the pictures (`stage/Stills.svelte`).
 */
const OPENING = /<div class="stills[^>]*>/;

/** The page without the comments inside its still pictures; the same page if it has none. */
export function withoutStillMarkers(html: string): string {
  const opening = OPENING.exec(html);
  if (opening === null) return html;
  const start = opening.index + opening[0].length;
  const end = endOfDiv(html, start);
  const [, before = '', pictures = '', after = ''] =
    /^((?:<!--[^>]*-->)*)(.*?)((?:<!--[^>]*-->)*)$/s.exec(html.slice(start, end)) ?? [];
  const bare = pictures.replaceAll(/<!--[^>]*-->/g, '');
  return html.slice(0, start) + before + bare + after + html.slice(end);
}

/** Where the `div` ends whose content begins at `start`. */
function endOfDiv(html: string, start: number): number {
  const tags = /<(\/?)div\b/g;
  tags.lastIndex = start;
  let depth = 1;
  for (let tag = tags.exec(html); tag !== null; tag = tags.exec(html)) {
    depth += tag[1] === '/' ? -1 : 1;
    if (depth === 0) return tag.index;
  }
  throw new Error('the still pictures have no end');
}
