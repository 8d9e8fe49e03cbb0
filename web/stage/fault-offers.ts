/**
 * What the menu of faults offers for a host or a link: commands of `fault-command.ts`, in groups.
 * A fault that holds is offered as its end.
 *
 * Not here: the words (`web/i18n/acting.ts`), the menu (`FaultMenu.svelte`).
 */
import type { HostFrame } from '#engine/lab/frames.ts';
import type { Input } from '#engine/lab/run.ts';
import type { Part } from './cast.ts';
import { commandsOf, parseCommand } from '#engine/lab/fault-command.ts';

/** Whom a menu is about. */
export type Target =
  | { readonly kind: 'host'; readonly host: string }
  | { readonly kind: 'link'; readonly from: string; readonly to: string };

export interface OfferGroup {
  readonly id: 'process' | 'network' | 'clock' | 'disk';
  readonly commands: readonly string[];
}

/** Who keeps files: only their disks can fail. */
const WITH_DISK: ReadonlySet<Part> = new Set(['broker', 'controller', 'service']);

/** The ends of faults that last; the others end by what the host's state offers. */
const ENDS: Readonly<Record<string, string>> = {
  slow: '1x',
  'slow-disk': '1x',
  'lying-sync': 'off',
  'disk-full': 'off',
  delay: '0ms',
  loss: '0%',
  drift: '0ppm',
};

/** Whether a command of the menu ends a fault that holds. */
export function isEnd(command: string): boolean {
  const words = command.split(' ');
  return ENDS[words[0]!] === words[words.length - 1];
}

/** What was done until an event: the last amount for each command. */
function standing(inputs: readonly Input[], event: number): ReadonlyMap<string, string> {
  const set = new Map<string, string>();
  for (const command of commandsOf(inputs.filter((i) => i.event <= event).map((i) => i.fault))) {
    const words = command.split(' ');
    const amount = words.pop() ?? '';
    set.set(words.join(' '), amount);
  }
  return set;
}

/** What can be done to a host at this event. */
export function hostOffers(
  host: HostFrame,
  part: Part,
  inputs: readonly Input[],
  event: number,
): readonly OfferGroup[] {
  const { name } = host;
  if (host.state !== 'running') return [{ id: 'process', commands: [`start ${name}`] }];
  const offered = offering(inputs, event);
  const halted = host.paused ? 'resume' : 'pause';
  const life = ['crash', 'power', 'stop', halted].map((verb) => `${verb} ${name}`);
  const network = host.cutFrom.length > 0 ? 'heal' : `isolate ${name}`;
  const clock = [`clock ${name} +60s`, `clock ${name} -60s`, offered(`drift ${name}`, '+500ppm')];
  const disk = [
    offered(`disk-full ${name}`, '0B'),
    offered(`slow-disk ${name}`, '100x'),
    offered(`lying-sync ${name}`, 'on'),
    `sync-error ${name} 1`,
  ];
  return [
    { id: 'process', commands: [...life, network, offered(`slow ${name}`, '10x')] },
    { id: 'clock', commands: clock },
    ...(WITH_DISK.has(part) ? [{ id: 'disk' as const, commands: disk }] : []),
  ];
}

/** What can be done to the network between two hosts. */
export function linkOffers(
  from: string,
  to: string,
  isCut: boolean,
  inputs: readonly Input[],
  event: number,
): readonly OfferGroup[] {
  const offered = offering(inputs, event);
  const cuts = [`cut ${from} ${to}`, `cut ${from} -> ${to}`, `cut ${to} -> ${from}`];
  const others = [
    offered(`delay ${from} ${to}`, '500ms'),
    offered(`loss ${from} ${to}`, '50%'),
    `clog ${from} -> ${to}`,
    `reset ${from} ${to}`,
  ];
  return [{ id: 'network', commands: [...(isCut ? ['heal'] : cuts), ...others] }];
}

function offering(inputs: readonly Input[], event: number) {
  const set = standing(inputs, event);
  return (command: string, amount: string): string => {
    const end = ENDS[command.split(' ')[0]!]!;
    const now = set.get(command);
    return `${command} ${now !== undefined && now !== end ? end : amount}`;
  };
}

/** The faults of a command of the menu, whose hosts are known to be there. */
export function faultsOfOffer(command: string) {
  const hosts = command.split(' ').slice(1);
  const parsed = parseCommand(command, hosts);
  return parsed.ok ? parsed.faults : [];
}
