/**
 * What a connection asks of its node: whether a user may log in, and for a virtual host.
 *
 * Not here: who the users are and what they may do. Source: `rabbit_access_control`.
 */
import type { ChannelHost } from '../channel/channel-host.ts';
import type { AmqpError } from '../../wire/amqp/reply-code.ts';

export interface AccessControl {
  /** Whether the password is the user's (`check_user_pass_login`). */
  checkLogin(user: string, password: string): boolean;
  /** The virtual host, or a 530 where there is none or the user may not (`check_vhost_access`). */
  openVirtualHost(user: string, name: string): ChannelHost | AmqpError;
}
