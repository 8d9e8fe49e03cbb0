/**
 * The picture of how files are sent, which only the lessons that count it load. The build has it
 * from the start, so that a page without scripts shows it.
 */
const load = () => import('./FileTransfer.svelte').then((module) => module.default);

type Picture = Awaited<ReturnType<typeof load>>;

let loaded: Picture | null = null;

export async function loadPicture(): Promise<Picture> {
  loaded ??= await load();
  return loaded;
}

/** Null until it has been loaded. */
export const pictureNow = (): Picture | null => loaded;

if (import.meta.env.SSR) await loadPicture();
