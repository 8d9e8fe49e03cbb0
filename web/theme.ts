/**
 * The theme that a reader chose: as the system, light or dark. index.html applies it before the
 * first paint; here it is read and changed.
 */
export type Theme = 'system' | 'light' | 'dark';

const KEY = 'highwater.theme';
const NEXT: Readonly<Record<Theme, Theme>> = { system: 'light', light: 'dark', dark: 'system' };

/** The theme in force. Without a browser: as the system. */
export function currentTheme(): Theme {
  const chosen = typeof document === 'undefined' ? '' : document.documentElement.dataset.theme;
  return chosen === 'light' || chosen === 'dark' ? chosen : 'system';
}

/** Changes to the next theme and returns it. A browser that keeps nothing forgets it. */
export function nextTheme(): Theme {
  const theme = NEXT[currentTheme()];
  if (theme === 'system') delete document.documentElement.dataset.theme;
  else document.documentElement.dataset.theme = theme;
  try {
    if (theme === 'system') localStorage.removeItem(KEY);
    else localStorage.setItem(KEY, theme);
  } catch {
    // private windows may refuse
  }
  return theme;
}
