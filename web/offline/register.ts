/**
 * Asks the browser to keep the workbook for reading offline, once the page has what it needs
 * itself. A browser that cannot, or an address without https, reads it online.
 */
const worker = (): ServiceWorkerContainer | undefined =>
  'serviceWorker' in navigator ? navigator.serviceWorker : undefined;

/** In a built site only: in development a page is never what it was a second ago. */
export function keepOffline(): void {
  const container = worker();
  if (!import.meta.env.PROD || container === undefined) return;
  const base = import.meta.env.BASE_URL;
  const register = (): void => {
    // a visit without it is a visit all the same
    container.register(`${base}sw.js`, { scope: base }).catch(() => undefined);
  };
  if (document.readyState === 'complete') register();
  else addEventListener('load', register, { once: true });
}

/** Is fulfilled when the whole workbook is kept; never where it cannot be. */
export async function whenOffline(): Promise<void> {
  await (worker()?.ready ?? new Promise<never>(() => undefined));
}
