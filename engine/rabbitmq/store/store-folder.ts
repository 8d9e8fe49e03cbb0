/**
 * Where a virtual host's messages are on disk: the real broker's names, from the node's folder on.
 *
 *     msg_stores/vhosts/628WB79CIFDYO9LJI6DKMI09L/        the virtual host /
 *       msg_store_persistent/0.rdq                        large messages (message-store.ts)
 *       queues/<queue>/journal.jif, 0.idx                 an index of version 1
 *       queues/<queue>/0.qi, 0.qs                         an index and a store of version 2
 *       recovery.dets                                     what a clean shutdown left
 *
 * A folder's name is the MD5 of the virtual host's name, or of `queue`, that name and the queue's,
 * in base 36. Source: `rabbit_vhost:dir`, `rabbit_queue_index:queue_name_to_dir_name`.
 */
import { md5 } from '../../bytes/md5.ts';
import { encodeUtf8 } from '../../bytes/utf8.ts';
import { assert } from '../../kernel/assert.ts';

/** The folder of a virtual host's messages. */
export function vhostFolder(vhost: string): string {
  assert(vhost !== '', 'a virtual host has a name', {});
  return `msg_stores/vhosts/${hashed(vhost)}`;
}

/** The folder of a queue, in that of its virtual host. */
export function queueFolder(vhost: string, queue: string): string {
  assert(queue !== '', 'a queue has a name', { vhost });
  return `${vhostFolder(vhost)}/queues/${hashed(`queue${vhost}${queue}`)}`;
}

function hashed(text: string): string {
  let number = 0n;
  for (const octet of md5(encodeUtf8(text))) number = number * 256n + BigInt(octet);
  const name = number.toString(36).toUpperCase();
  assert(name.length <= 25, '128 bits in base 36', { name });
  return name;
}
