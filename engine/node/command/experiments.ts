/**
 * Finds the experiments: every `lessons/<track>/<slug>/experiment.ts`, loaded by path, and the
 * engine's own, which the links of a swarm or of a checked configuration name.
 * Not here: what is in one, and the lessons' texts.
 */
import { existsSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { drillExperiment } from '../../lab/drill.ts';
import type { Drill } from '../../lab/drill.ts';
import type { Experiment } from '../../lab/experiment.ts';
import { kafkaConfiguration } from '../../lab/safe/index.ts';
import kafkaSwarm from '../../lab/swarm/kafka-swarm.ts';
import rabbitmqSwarm from '../../lab/swarm/rabbitmq-swarm.ts';
import { playgroundExperiment } from '../../shell/playground/playground-experiment.ts';
import { UsageError } from './usage.ts';

/** No lessons, so not in a list of them. */
const ownExperiments: readonly Experiment[] = [
  kafkaSwarm,
  rabbitmqSwarm,
  kafkaConfiguration,
  playgroundExperiment,
];

/** The project's folder. */
export const root = join(dirname(fileURLToPath(import.meta.url)), '../../..');

export interface Place {
  readonly track: string;
  readonly slug: string;
  /** The experiment's file. */
  readonly file: string;
}

/** The experiments that there are, in the order of their tracks and slugs. */
export function experimentPlaces(): Place[] {
  const lessons = join(root, 'lessons');
  const places: Place[] = [];
  for (const track of foldersOf(lessons)) {
    for (const slug of foldersOf(join(lessons, track))) {
      const file = join(lessons, track, slug, 'experiment.ts');
      if (existsSync(file)) places.push({ track, slug, file });
    }
  }
  return places;
}

/** Loads an experiment by its id. Throws a `UsageError` that says which there are. */
export async function loadExperiment(id: string | undefined): Promise<Experiment> {
  const places = experimentPlaces();
  const known = places.map((place) => place.slug).join(', ');
  if (id === undefined) throw new UsageError(`name an experiment; there are: ${known}`);
  const own = ownExperiments.find((one) => one.id === id);
  if (own !== undefined) return own;
  const drill = /^(.+)-drill$/.exec(id)?.[1];
  if (drill !== undefined) return drillExperiment(await loadDrill(drill));
  const place = places.find((one) => one.slug === id || `${one.track}/${one.slug}` === id);
  if (place === undefined) throw new UsageError(`no experiment '${id}'; there are: ${known}`);
  return loadPlace(place);
}

export async function loadPlace(place: Place): Promise<Experiment> {
  const module = (await import(pathToFileURL(place.file).href)) as { default: Experiment };
  if (module.default.id !== place.slug) {
    throw new Error(`${place.file}: its id is '${module.default.id}', its folder '${place.slug}'`);
  }
  return module.default;
}

/** The lessons that have a drill, in the order of their tracks. */
export function drillPlaces(): Place[] {
  return experimentPlaces()
    .map((place) => ({ ...place, file: join(dirname(place.file), 'drill.ts') }))
    .filter(({ file }) => existsSync(file));
}

/** Loads the drill of a lesson. Throws a `UsageError` that says which there are. */
export async function loadDrill(id: string | undefined): Promise<Drill> {
  const places = drillPlaces();
  const known = places.map(({ slug }) => slug).join(', ');
  const place = places.find(({ track, slug }) => slug === id || `${track}/${slug}` === id);
  if (place === undefined) {
    const problem = id === undefined ? 'name a drill' : `no drill '${id}'`;
    throw new UsageError(`${problem}; there are: ${known}`);
  }
  return ((await import(pathToFileURL(place.file).href)) as { default: Drill }).default;
}

function foldersOf(path: string): string[] {
  if (!existsSync(path)) return [];
  const entries = readdirSync(path, { withFileTypes: true });
  return entries
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}
