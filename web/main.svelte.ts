/**
 * The app in the browser: takes over the prerendered page, and hands the address bar over to
 * navigation.ts.
 */
import { hydrate, mount } from 'svelte';
import App from './App.svelte';
import { followLinks, pathInSite } from './navigation.ts';
import { keepOffline } from './offline/register.ts';
import { langOf, load, type Page } from './routes.ts';
import './style/style.css';

const target = document.getElementById('app');
if (target === null) throw new Error('the page has no #app');

const props: { page: Page } = $state({ page: await load(pathInSite(location.pathname)) });
// the development server and the page for offline use have an empty #app
const isPrerendered = target.firstElementChild !== null;
(isPrerendered ? hydrate : mount)(App, { target, props });
if (!isPrerendered) {
  document.documentElement.lang = langOf(props.page) === 'zh' ? 'zh-CN' : 'en';
}
followLinks((page) => {
  props.page = page;
});
// from here on the page answers; tests wait for it
document.documentElement.dataset.highwaterAlive = '';
pressAgain(window.earlyClick);
keepOffline();

/** Presses the button that was pressed before there was anybody to hear it. */
function pressAgain(target: EventTarget | undefined): void {
  const button = target instanceof Element ? target.closest('button') : null;
  if (button?.isConnected) button.click();
}
