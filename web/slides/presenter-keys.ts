/**
 * The keys of a presenter, also those that a remote control sends. A field in which somebody
 * writes keeps its keys.
 */
export type SlideKey = 'next' | 'previous' | 'first' | 'last' | 'notes' | 'play' | 'close';

const KEYS: Readonly<Record<string, SlideKey>> = {
  ArrowRight: 'next',
  PageDown: 'next',
  ArrowLeft: 'previous',
  PageUp: 'previous',
  Home: 'first',
  End: 'last',
  n: 'notes',
  s: 'play',
  Escape: 'close',
};

/** What a key asks for, or null. */
export function slideKey(event: KeyboardEvent): SlideKey | null {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return null;
  const { target } = event;
  if (target instanceof Element && target.closest('input, select, textarea, dialog')) return null;
  return KEYS[event.key.length === 1 ? event.key.toLowerCase() : event.key] ?? null;
}
