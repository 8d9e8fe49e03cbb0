/**
 * The colours of a terminal, from the palette (`style/palette.css`), as the theme has them now.
 * xterm draws with colours and knows no custom properties.
 */
import type { ITheme } from '@xterm/xterm';

/** The colours by the names that xterm has for them, as roles of the palette. */
const ROLES = {
  background: '--sunken',
  foreground: '--ink',
  cursor: '--accent',
  cursorAccent: '--sunken',
  selectionBackground: '--water',
  black: '--ink',
  red: '--bad',
  green: '--good',
  yellow: '--warn',
  blue: '--accent',
  magenta: '--id-3',
  cyan: '--id-6',
  white: '--ink',
  brightBlack: '--ink-soft',
  brightRed: '--bad',
  brightGreen: '--good',
  brightYellow: '--warn',
  brightBlue: '--accent',
  brightMagenta: '--id-3',
  brightCyan: '--id-6',
  brightWhite: '--ink',
} as const satisfies ITheme;

/** The colours where an element stands. */
export function terminalColours(box: HTMLElement): ITheme {
  const probe = document.createElement('span');
  // With reduced motion every change is a transition, if a short one, and the first colour stays.
  probe.style.setProperty('transition', 'none', 'important');
  box.append(probe);
  const pairs = Object.entries(ROLES).map(([name, role]) => {
    probe.style.color = `var(${role})`;
    return [name, getComputedStyle(probe).color];
  });
  probe.remove();
  return Object.fromEntries(pairs) as ITheme;
}

/** Calls when the theme is another one; gives what ends it. */
export function whenColoursChange(act: () => void): () => void {
  const system = matchMedia('(prefers-color-scheme: dark)');
  const observer = new MutationObserver(act);
  observer.observe(document.documentElement, { attributeFilter: ['data-theme'] });
  system.addEventListener('change', act);
  return () => {
    observer.disconnect();
    system.removeEventListener('change', act);
  };
}
