/**
 * Why a node cannot join, leave or be removed: the names of the real errors, and their sentences.
 * Source: `rabbit_mnesia:error_description/1`, `rabbit_db_cluster`.
 */
import type { Refusal } from './membership-calls.ts';

const SENTENCES = {
  clustering_only_disc_node:
    'You cannot cluster a node if it is the only disc node in its existing  cluster. If new ' +
    "nodes joined while this node was offline, use 'update_cluster_nodes' to add them manually.",
  resetting_only_disc_node:
    'You cannot reset a node when it is the only disc node in a cluster. Please convert another ' +
    'node of the cluster to a disc node first.',
  not_clustered: 'Non-clustered nodes can only be disc nodes.',
  no_online_cluster_nodes:
    'Could not find any online cluster nodes. If the cluster has changed, you can use the ' +
    "'update_cluster_nodes' command.",
  not_a_cluster_node: 'The node selected is not in the cluster.',
  online_node_offline_flag:
    'You set the --offline flag, which is used to remove nodes remotely from offline nodes, but ' +
    'this node is online.',
  offline_node_no_offline_flag:
    'You are trying to remove a node from an offline node. That is dangerous, but can be done ' +
    'with the --offline flag. Please consult the manual for rabbitmqctl for more information.',
  removing_node_from_offline_node:
    'To remove a node remotely from an offline node, the node you are removing from must be a ' +
    'disc node and all the other nodes must be offline.',
  no_running_cluster_nodes: 'You cannot leave a cluster if no online nodes are present.',
} as const;

/** Errors that have no sentence. */
type Plain =
  | 'already_member'
  | 'busy'
  | 'cannot_cluster_node_with_itself'
  | 'cannot_create_standalone_ram_node'
  | 'mnesia_not_running'
  | 'mnesia_unexpectedly_running'
  | 'node_type_unsupported'
  | 'nodedown'
  | 'not_supported'
  | 'rabbit_still_running'
  | 'timeout';

export function refusal(error: keyof typeof SENTENCES | Plain): Refusal {
  const sentences: Readonly<Record<string, string>> = SENTENCES;
  return { error, text: sentences[error] ?? '' };
}
