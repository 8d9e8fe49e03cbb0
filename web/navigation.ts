/**
 * Navigation without loading a document: links, the back button, scroll positions, the focus, and
 * the language of the document. What a link to another site or a modified click does is the
 * browser's.
 */
import { flushSync } from 'svelte';
import { langOf, load, type Page } from './routes.ts';

const BASE = import.meta.env.BASE_URL;

/** An entry of the session's history, as this site writes it. */
interface HistoryState {
  readonly scrollY?: number;
}

/** The path below the base, with a slash at the end. */
export function pathInSite(pathname: string): string {
  return `/${pathname.slice(BASE.length)}`.replace(/([^/])$/, '$1/');
}

/** Follows links within the site from now on, showing each page by `show`. */
export function followLinks(show: (page: Page) => void): void {
  history.scrollRestoration = 'manual';
  let latest = 0;

  const go = async (url: URL, arrive: () => void): Promise<void> => {
    latest += 1;
    const visit = latest;
    const page = await load(pathInSite(url.pathname));
    // a later click has overtaken this one
    if (visit !== latest) return;
    arrive();
    flushSync(() => show(page));
    document.documentElement.lang = langOf(page) === 'zh' ? 'zh-CN' : 'en';
  };

  const open = (url: URL): Promise<void> =>
    go(url, () => {
      rememberScroll();
      const canonical = url.pathname.replace(/([^/])$/, '$1/');
      history.pushState({}, '', canonical + url.search + url.hash);
    }).then(() => arriveAt(url.hash));

  document.addEventListener('click', (event) => {
    const link = linkOf(event.target);
    if (link === null || event.defaultPrevented || isModified(event)) return;
    const url = new URL(link.href);
    // within the page the browser knows best
    if (url.pathname === location.pathname && url.hash !== '') return;
    event.preventDefault();
    open(url).catch(() => location.assign(url));
  });

  // a page is likely opened when it is pointed at
  document.addEventListener('pointerover', (event) => {
    const link = linkOf(event.target);
    if (link !== null) load(pathInSite(new URL(link.href).pathname)).catch(() => undefined);
  });

  addEventListener('popstate', (event) => {
    const { scrollY } = (event.state ?? {}) as HistoryState;
    go(new URL(location.href), () => undefined)
      .then(() => (scrollY === undefined ? arriveAt(location.hash) : scrollTo(0, scrollY)))
      .catch(() => location.reload());
  });

  addEventListener('pagehide', rememberScroll);
  const { scrollY } = (history.state ?? {}) as HistoryState;
  if (scrollY !== undefined) scrollTo(0, scrollY);
}

function rememberScroll(): void {
  history.replaceState({ ...(history.state as HistoryState | null), scrollY }, '');
}

function linkOf(target: EventTarget | null): HTMLAnchorElement | null {
  const link = target instanceof Element ? target.closest('a') : null;
  const isOurs =
    link !== null &&
    link.origin === location.origin &&
    link.pathname.startsWith(BASE) &&
    link.target === '' &&
    !link.hasAttribute('download');
  return isOurs ? link : null;
}

function isModified(event: MouseEvent): boolean {
  return event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey;
}

/** A fragment that is a run: the stage leads to itself. */
const RUN = /^#v\d+\./;

/** Puts the reader where a loaded document would: at the anchor or the top, heard by a reader. */
function arriveAt(hash: string): void {
  if (RUN.test(hash)) return;
  const anchor = hash === '' ? null : document.getElementById(decodeURIComponent(hash.slice(1)));
  if (anchor === null) scrollTo(0, 0);
  else anchor.scrollIntoView();
  const heading = anchor ?? document.querySelector<HTMLElement>('h1');
  if (heading === null) return;
  heading.tabIndex = -1;
  heading.focus({ preventScroll: true });
}
