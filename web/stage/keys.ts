/**
 * The keys of the stage. They act only while something in the stage has the focus, and leave alone
 * what a control needs for itself.
 */
import type { Player } from './player.svelte.ts';

/** Controls that use the key themselves: a button its Space, a choice its arrows. */
const USES_SPACE = 'button, summary, select, a, input:not([type="range"])';
const USES_ARROWS = 'select, input[type="radio"], input[type="text"]';

/** What keys can do besides moving in the run. */
export interface StageKeys {
  readonly play: () => void;
  /** Opens the menu of faults of a host; of none where no host has the focus. */
  readonly act: (host: string | null) => void;
  readonly command: () => void;
  readonly help: () => void;
}

export function onStageKey(event: KeyboardEvent, player: Player, keys: StageKeys): void {
  if (event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target as HTMLElement;
  const act = actOf(event, player, keys);
  if (act === null) return;
  if (target.closest(event.key === ' ' ? USES_SPACE : USES_ARROWS) !== null) return;
  // a slider for anything but the place in the run keeps its arrows
  if (target.matches('input[type="range"]:not([data-place])') && event.key !== ' ') return;
  event.preventDefault();
  act();
}

function actOf(event: KeyboardEvent, player: Player, keys: StageKeys): (() => void) | null {
  switch (event.key) {
    case ' ':
      return keys.play;
    case 'f':
    case 'F': {
      const card = (event.target as HTMLElement).closest<HTMLElement>('[data-host]');
      return () => keys.act(card?.dataset.host ?? null);
    }
    case '/':
      return keys.command;
    case '?':
      return keys.help;
    case 'ArrowLeft':
      return event.shiftKey ? () => player.stepOver(false) : () => player.step(-1);
    case 'ArrowRight':
      return event.shiftKey ? () => player.stepOver(true) : () => player.step(1);
    case 'Home':
      return () => {
        player.pause();
        player.seek(0);
      };
    case 'End':
      return () => player.toEnd();
    default:
      return null;
  }
}
