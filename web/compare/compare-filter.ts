/**
 * Which brokers and points of the comparison a reader wants to see, and how the page's address
 * says so.
 */
export interface ComparisonFilter {
  /** Ids; none means all. */
  readonly brokers: readonly string[];
  readonly rows: readonly string[];
}

/** Those that are shown: the chosen ones in their own order, or all where none is chosen. */
export function shown<Id extends string>(all: readonly Id[], chosen: readonly string[]): Id[] {
  const some = all.filter((id) => chosen.includes(id));
  return some.length === 0 ? [...all] : some;
}

/** The filter of an address, `?brokers=kafka,rabbitmq&rows=latency`; unknown ids are left out. */
export function fromAddress(search: string, known: ComparisonFilter): ComparisonFilter {
  const asked = new URLSearchParams(search);
  const ids = (name: 'brokers' | 'rows') => {
    const named = (asked.get(name) ?? '').split(',');
    return known[name].filter((id) => named.includes(id));
  };
  return { brokers: ids('brokers'), rows: ids('rows') };
}

/** What of an address says the filter; empty where nothing is chosen. */
export function toAddress(filter: ComparisonFilter): string {
  const parts = (['brokers', 'rows'] as const)
    .filter((name) => filter[name].length > 0)
    .map((name) => `${name}=${filter[name].join(',')}`);
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
