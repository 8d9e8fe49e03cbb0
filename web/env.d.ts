/**
 * Types of what the build makes: the virtual modules of build/lesson-modules.ts, lessons in
 * Markdown, and constants.
 */
/// <reference types="vite/client" />

/** The site's public address without a slash at the end, or empty: see web/vite.config.ts. */
declare const __SITE_ADDRESS__: string;

interface Window {
  /** What was clicked last before the page answered: see web/index.html. */
  earlyClick?: EventTarget;
}

declare module '*.svx' {
  import type { Component } from 'svelte';

  const Body: Component;
  export default Body;
}

declare module 'virtual:lessons/en' {
  import type { LessonIndex } from '#web/lesson/content.ts';

  export const index: LessonIndex;
}

declare module 'virtual:lessons/zh' {
  import type { LessonIndex } from '#web/lesson/content.ts';

  export const index: LessonIndex;
}

declare module 'virtual:lesson-gallery/en' {
  import type { StoryEntry } from '#web/lesson/content.ts';

  export const stories: readonly StoryEntry[];
}

declare module 'virtual:lesson-gallery/zh' {
  import type { StoryEntry } from '#web/lesson/content.ts';

  export const stories: readonly StoryEntry[];
}

declare module 'virtual:lesson-stories' {
  import type { StoryModule } from '#web/lesson/content.ts';

  /** By `<slug>/<lang>`. */
  export const bodies: Readonly<Record<string, () => Promise<StoryModule>>>;
}

declare module 'virtual:lesson-comparison/en' {
  import type { ComparisonRow } from '#web/lesson/content.ts';

  export const rows: readonly ComparisonRow[];
}

declare module 'virtual:lesson-comparison/zh' {
  import type { ComparisonRow } from '#web/lesson/content.ts';

  export const rows: readonly ComparisonRow[];
}

declare module 'virtual:lesson-bodies' {
  import type { LessonModule } from '#web/lesson/content.ts';

  /** By `<track>/<slug>/<lang>`. */
  export const bodies: Readonly<Record<string, () => Promise<LessonModule>>>;
}

declare module 'virtual:lesson-questions' {
  /** The text of each JSON file of the questions, by its path below the base. */
  export const files: Readonly<Record<string, string>>;
}

declare module 'virtual:lesson-scene/en' {
  import type { SceneData } from '#web/lesson/content.ts';

  export const scene: SceneData;
}

declare module 'virtual:lesson-glossary/en' {
  import type { GlossaryGroup } from '#web/lesson/content.ts';

  export const groups: readonly GlossaryGroup[];
}

declare module 'virtual:lesson-scene/zh' {
  import type { SceneData } from '#web/lesson/content.ts';

  export const scene: SceneData;
}

declare module 'virtual:lesson-glossary/zh' {
  import type { GlossaryGroup } from '#web/lesson/content.ts';

  export const groups: readonly GlossaryGroup[];
}

declare module 'virtual:lesson-machines' {
  import type { Chart } from '#engine/lab/machines.ts';

  export const charts: readonly Chart[];
}

declare module 'virtual:lesson-prerequisites' {
  import type { Prerequisites } from '#web/lesson/content.ts';

  export const prerequisites: Prerequisites;
}
