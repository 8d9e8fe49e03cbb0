/**
 * A run to take away: its trace as JSON, a moment as SVG, a stretch as a Mermaid diagram. The
 * command and the stage both export with this. Not here: files and downloads.
 */
import { assert } from '../../kernel/assert.ts';
import type { Language } from '../narration.ts';
import type { Session, Summary } from '../session.ts';
import type { ExportForm } from './export-form.ts';
import { frameSvg } from './frame-svg.ts';
import { sequenceDiagram } from './sequence-diagram.ts';
import type { Stretch } from './sequence-diagram.ts';
import { traceJson } from './trace-json.ts';

export interface ExportWish {
  readonly form: ExportForm;
  readonly language: Language;
  /** The moment that the SVG shows. Null: the end of the step, or of the story. */
  readonly at: number | null;
  /**
   * The step that the diagram shows. Null: the one to which `at` belongs, or without one the story,
   * from its first record on.
   */
  readonly step: string | null;
}

export interface Exported {
  readonly name: string;
  readonly mediaType: string;
  readonly text: string;
}

/** Asserts that the run has the step and the moment. */
export function exportRun(session: Session, wish: ExportWish): Exported {
  const { form, language } = wish;
  const summary = session.summary();
  const stretch = stretchOf(summary, wish);
  const about = summary.experiment;
  if (form === 'json') {
    const text = traceJson(session);
    return { name: `${about}-trace.json`, mediaType: 'application/json', text };
  }
  if (form === 'svg') {
    const at = wish.at ?? stretch.to;
    const text = frameSvg(session, at, language);
    return { name: `${about}-event-${at}.svg`, mediaType: 'image/svg+xml', text };
  }
  const name = `${about}-events-${stretch.from}-${stretch.to}.mmd`;
  return { name, mediaType: 'text/plain', text: sequenceDiagram(session, stretch, language) };
}

function stretchOf({ steps, events, records }: Summary, { step, at }: ExportWish): Stretch {
  const named = steps.find((one) => one.id === step);
  assert(step === null || named !== undefined, 'a step of the run', { step });
  assert(at === null || (at >= 0 && at <= events), 'an event of the run', { at, events });
  const chosen = named ?? (at === null ? undefined : steps.findLast(({ from }) => from <= at));
  if (chosen !== undefined) return { from: chosen.from, to: Math.max(chosen.to, chosen.from) };
  const story = steps.filter(({ settling }) => !settling);
  const first = Math.min(events, ...records.map(({ sentAt }) => sentAt));
  return { from: first, to: Math.max(story[story.length - 1]?.to ?? events, first) };
}
