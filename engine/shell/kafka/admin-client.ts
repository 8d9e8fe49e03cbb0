/**
 * An admin client for as long as one of Kafka's tools runs, or the exception that there is in its
 * place.
 *
 * Source: `Admin.create`, `KafkaAdminClient.configureDefaultApiTimeoutMs`, `Utils.loadProps`.
 * Not here: how a tool tells an exception
 * (`java-exception.ts`, where it does not in its own way), what is asked (each tool).
 */
import { Admin } from '../../kafka/client/admin.ts';
import { adminConfig } from '../../kafka/client/config.ts';
import { ConfigError } from '../../kafka/config.ts';
import type { Call } from '../program.ts';
import { bootstrapOf, profileOfWorld, propertiesFile } from './admin-session.ts';
import { configException, type JavaException, noSuchFile, notCreated } from './java-exception.ts';

/** With the settings of a file, where the line names one. */
export function openAdminBy(
  call: Call,
  bootstrap: string,
  file: string | null,
): Admin | JavaException {
  const settings = propertiesFile(file, call.world);
  return settings === null ? noSuchFile(file!) : openAdmin(call, bootstrap, settings);
}

const NOT_CREATED = 'Failed to create new KafkaAdminClient';
/** The time for a call in all, of which each try may take request.timeout.ms. */
const WHOLE = 'default.api.timeout.ms';
const TOO_SHORT =
  `The specified value of ${WHOLE} must be no smaller than ` + 'the value of request.timeout.ms.';

export function openAdmin(
  call: Call,
  bootstrap: string,
  settings: Readonly<Record<string, string>> = {},
): Admin | JavaException {
  const found = bootstrapOf(bootstrap, call.world);
  if (!found.ok) return notCreated(NOT_CREATED, found.problem);
  const profile = profileOfWorld(call.world);
  try {
    const given = adminConfig(profile, settings);
    const timeout = given['request.timeout.ms'];
    const isShort = given[WHOLE] < timeout;
    if (isShort && WHOLE in settings) return notCreated(NOT_CREATED, TOO_SHORT);
    const config = isShort ? { ...given, [WHOLE]: timeout } : given;
    const options = { bootstrap: found.addresses, profile, settings };
    const admin = new Admin(call.ports, options, config);
    admin.start();
    return admin;
  } catch (error) {
    if (error instanceof ConfigError) return configException(error.message);
    throw error;
  }
}
