/**
 * The alarms of all nodes of the cluster: what is short on any of them, since publishers are
 * stopped on all of them.
 *
 * A node tells the others of its own alarms when they come and go, and of those that it has to a
 * node that is linked or whose application starts again. The alarms of a node that is down, or
 * whose application stopped, are gone with it. A resource is short until the last node has enough.
 * Not here: what raises an alarm (`resource-alarms.ts`), who is stopped (`connection/throttle.ts`).
 * Source: `rabbit_alarm`: `maybe_alert`, `remote_conserve_resources`, `on_node_up`, `on_node_down`.
 */
import { assert } from '../../kernel/assert.ts';
import type { Resource } from '../resource-alarms.ts';
import type { NodeLinks, Term } from './node-links.ts';

const PROCESS = 'rabbit_alarm';

type AlarmMessage =
  | { readonly type: 'alarm'; readonly resource: Resource; readonly isRaised: boolean }
  /** The sender's application started again, and knows of nobody's alarms. */
  | { readonly type: 'register' }
  /** The sender's application stops. */
  | { readonly type: 'stopped' };

export class ClusterAlarms {
  readonly #links: NodeLinks;
  readonly #changed: (resource: Resource, isRaised: boolean) => void;
  /** By node. */
  readonly #raised = new Map<string, Set<Resource>>();

  /** `changed`: the first node is short of a resource, or the last one is not any more. */
  constructor(links: NodeLinks, changed: (resource: Resource, isRaised: boolean) => void) {
    this.#links = links;
    this.#changed = changed;
    if (links.isAlone) return;
    links.register(PROCESS, (from, message) =>
      this.#received(from, message as unknown as AlarmMessage),
    );
    links.watch({
      nodeUp: (node) => this.#tellOwn(node),
      nodeDown: (node) => this.#forget(node),
    });
  }

  /** `{{resource_limit, Resource, Node}, []}`, as `rabbitmqctl status` lists them. */
  get all(): readonly { readonly node: string; readonly resource: Resource }[] {
    return [...this.#raised].flatMap(([node, resources]) =>
      [...resources].map((resource) => ({ node, resource })),
    );
  }

  /** An alarm of this node. */
  set(resource: Resource, isRaised: boolean): void {
    const { self, members } = this.#links;
    this.#set(self, resource, isRaised);
    for (const node of members) {
      if (node !== self) this.#send(node, { type: 'alarm', resource, isRaised });
    }
  }

  /** The application runs again, and its links to other nodes stayed. */
  restarted(): void {
    this.#sendAll({ type: 'register' });
  }

  /** The application stops. */
  stop(): void {
    this.#sendAll({ type: 'stopped' });
  }

  #sendAll(message: AlarmMessage): void {
    const { self, members } = this.#links;
    assert(members.includes(self), 'a member', { self });
    for (const node of members) if (node !== self) this.#send(node, message);
  }

  #send(node: string, message: AlarmMessage): void {
    if (this.#links.isConnected(node)) this.#links.send(node, PROCESS, message as unknown as Term);
  }

  #tellOwn(node: string): void {
    for (const resource of this.#raised.get(this.#links.self) ?? []) {
      this.#send(node, { type: 'alarm', resource, isRaised: true });
    }
  }

  #received(from: string, message: AlarmMessage): void {
    switch (message.type) {
      case 'alarm':
        this.#set(from, message.resource, message.isRaised);
        return;
      case 'register':
        this.#forget(from);
        this.#tellOwn(from);
        return;
      default:
        this.#forget(from);
    }
  }

  #forget(node: string): void {
    for (const resource of [...(this.#raised.get(node) ?? [])]) this.#set(node, resource, false);
  }

  #set(node: string, resource: Resource, isRaised: boolean): void {
    const wasShort = this.#isShort(resource);
    const resources = this.#raised.get(node) ?? new Set();
    if (isRaised) resources.add(resource);
    else resources.delete(resource);
    if (resources.size === 0) this.#raised.delete(node);
    else this.#raised.set(node, resources);
    const isShort = this.#isShort(resource);
    assert(isShort || !isRaised, 'what a node lacks is short', { node, resource });
    if (isShort !== wasShort) this.#changed(resource, isShort);
  }

  #isShort(resource: Resource): boolean {
    return [...this.#raised.values()].some((resources) => resources.has(resource));
  }
}
