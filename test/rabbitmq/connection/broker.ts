/** A node that is an AMQP listener and a `SmallHost`, for any world. */
import type { Ports, Process } from '../../../engine/kernel/ports.ts';
import { AMQP_PORT, AmqpListener } from '../../../engine/rabbitmq/connection/amqp-listener.ts';
import {
  defaultConnectionSettings,
  type ConnectionSettings,
} from '../../../engine/rabbitmq/connection/connection-settings.ts';
import { amqpError, ReplyCode } from '../../../engine/wire/amqp/reply-code.ts';
import { SmallHost } from './small-host.ts';

export class Broker implements Process {
  readonly host = new SmallHost();
  readonly listener: AmqpListener;
  readonly ports: Ports;

  constructor(ports: Ports, settings: Partial<ConnectionSettings> = {}) {
    this.ports = ports;
    this.listener = new AmqpListener({
      ports,
      settings: { ...defaultConnectionSettings, ...settings },
      access: {
        checkLogin: (user, password) => user === 'guest' && password === 'guest',
        openVirtualHost: (_user, name) =>
          name === '/' ? this.host : amqpError(ReplyCode.NOT_ALLOWED, `vhost ${name} not found`),
      },
    });
  }

  start(): void {
    this.listener.listen(AMQP_PORT);
  }

  stop(): void {
    this.listener.close('broker forced connection closure');
    this.ports.halt('shut down');
  }
}
