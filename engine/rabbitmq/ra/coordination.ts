/**
 * The Ra system `coordination` of a node: that of clusters of which every node is a member, Khepri
 * and the coordinator of streams, in the folder `coordination/<node>`. Source: `ra_system`,
 * `rabbit_ra_systems`.
 */
import type { Ports } from '../../kernel/ports.ts';
import type { NodeLinks } from '../cluster/node-links.ts';
import { RaSystem } from './ra-system.ts';

/** By the links of a node's incarnation. */
const systems = new WeakMap<NodeLinks, RaSystem>();

export function coordinationSystem(ports: Ports, links: NodeLinks): RaSystem {
  let system = systems.get(links);
  if (system === undefined) {
    system = new RaSystem(ports, links, { folder: `coordination/${links.self}` });
    systems.set(links, system);
  }
  return system;
}
