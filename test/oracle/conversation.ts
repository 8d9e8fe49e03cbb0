/** All that is asked of a cluster, in order: the same of the real one and of ours. */
import { askConfigs, askMetadata, askTopics, askVersions } from './cases-cluster.ts';
import { askFetch, askProduce, askSequences } from './cases-records.ts';
import { Talk } from './talk.ts';
import type { Exchange } from './talk.ts';

/** `addresses` are of the brokers 1, 2, 3; the suffix makes topics new. */
export async function converse(
  addresses: readonly string[],
  suffix: string,
): Promise<readonly Exchange[]> {
  const talk = new Talk(addresses, suffix);
  try {
    for (const ask of [
      askVersions,
      askMetadata,
      askTopics,
      askConfigs,
      askProduce,
      askSequences,
      askFetch,
    ]) {
      await ask(talk);
    }
  } finally {
    talk.end();
  }
  return talk.exchanges;
}
