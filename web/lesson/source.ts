/**
 * A claim's source as questions.yaml writes it, for display: an address, `KIP-1`, `KAFKA-1` or
 * `owner/repository@release path`, each with an optional `(place)`; a story's, also a commit.
 */
export interface Source {
  /** Where it can be read; empty where the writing does not say (a KIP's page has a long name). */
  readonly address: string;
  /** Without the folders of a source file. */
  readonly name: string;
  /** With its brackets, or empty. */
  readonly place: string;
}

export function readSource(source: string): Source {
  const [, name = source, place = ''] = /^(.*?)(\s\([^)]+\))?$/.exec(source) ?? [];
  const short = name.replace('https://', '').replace(/^(\S+@\S+ ).*\//, '$1');
  return { address: addressOf(name), name: short, place: place.trim() };
}

function addressOf(name: string): string {
  if (name.startsWith('https://')) return name;
  if (name.startsWith('KAFKA-')) return `https://issues.apache.org/jira/browse/${name}`;
  const commit = /^([\w.-]+\/[\w.-]+)@([0-9a-f]{7,40})$/.exec(name);
  if (commit !== null) return `https://github.com/${commit[1]}/commit/${commit[2]}`;
  const file = /^([\w.-]+\/[\w.-]+)@([\w.-]+) (\S+)$/.exec(name);
  if (file === null) return '';
  const [, repository, release, path] = file;
  return `https://github.com/${repository}/blob/${release}/${path}`;
}
