/**
 * DescribeConfigs: the settings of topics, of this broker and of groups, and where each value comes
 * from.
 *
 * Behaviour: a topic's own value, else the broker's that it follows, else the default. A broker
 * tells only its own settings. Differences: synonyms are not listed; of a group, and of what
 * throttles a broker, only what was set is told.
 * Versions: 1 the source of each value (KIP-226); 3 type and documentation (KIP-569).
 */
import { assert } from '../../kernel/assert.ts';
import { ErrorCode } from '../../wire/kafka/errors.ts';
import {
  type DescribeConfigsRequest,
  type DescribeConfigsResponse,
  describeConfigs,
} from '../../wire/kafka/messages/describe-configs.ts';
import { brokerSettings } from '../broker/broker-config.ts';
import { type Setting, type SettingType, type Settings, defaultOf } from '../config.ts';
import { topicNameProblem } from '../controller/topic-name.ts';
import { resourceKey, topicConfig } from '../metadata/image.ts';
import { releaseDefaults, topicSettings } from '../partition/topic-config.ts';
import { type BrokerParts, apiHandler } from './api-handler.ts';

const TOPIC = 2;
const BROKER = 4;
const GROUP = 32;
/** `ConfigSource`. */
const FROM_TOPIC = 1;
const FROM_ONE_BROKER = 2;
const FROM_ALL_BROKERS = 3;
const FROM_BROKER = 4;
const FROM_DEFAULT = 5;
const FROM_GROUP = 8;
/** `ConfigEntry.ConfigType`. */
const TYPE_NUMBERS: Readonly<Record<SettingType, number>> = {
  boolean: 1,
  string: 2,
  int: 3,
  long: 5,
  double: 6,
  list: 7,
};

/**
 * With eligible leader replicas it is a setting of all brokers, since ELRs are of no use where
 * brokers disagree on it (`ConfigurationControlManager.maybeGenerateElrSafetyRecords`).
 */
const MIN_ISR = 'min.insync.replicas';

type Resource = DescribeConfigsRequest['resources'][number];
type Result = DescribeConfigsResponse['results'][number];
type Entry = Result['configs'][number];

export const describeConfigsHandler = apiHandler<DescribeConfigsRequest>(
  describeConfigs,
  (broker, { body, respond }) => {
    const results = body.resources.map((resource) => describe(broker, resource));
    respond({ throttleTimeMs: 0, results } satisfies DescribeConfigsResponse);
  },
);

function describe(broker: BrokerParts, resource: Resource): Result {
  const { resourceType, resourceName } = resource;
  const result = (errorCode: number, errorMessage: string | null, configs: Entry[]): Result => ({
    errorCode,
    errorMessage,
    resourceType,
    resourceName,
    configs,
  });
  if (resourceType === TOPIC) {
    if (!broker.image().topics.has(resourceName)) {
      const problem = topicNameProblem(resourceName, []);
      return problem === null
        ? result(ErrorCode.UNKNOWN_TOPIC_OR_PARTITION, '', [])
        : result(ErrorCode.INVALID_TOPIC_EXCEPTION, problem, []);
    }
    const own = topicConfig(broker.image(), resourceName);
    const { topicDefaults } = broker.config;
    const hasElr = broker.profile.switches.eligibleLeaderReplicas;
    return result(
      ErrorCode.NONE,
      '',
      entries(broker, topicSettings, resource, (name) => {
        const set = own.get(name);
        if (set !== undefined) return { value: set, source: FROM_TOPIC };
        const isShared = hasElr && name === MIN_ISR;
        const value = topicDefaults[name] ?? (isShared ? topicSettings[MIN_ISR].defaultText : null);
        const source = isShared ? FROM_ALL_BROKERS : FROM_BROKER;
        return value === null ? null : { value, source };
      }),
    );
  }
  if (resourceType === GROUP) {
    return result(ErrorCode.NONE, '', ownEntries(broker, 'group', resourceName));
  }
  if (resourceType === BROKER && resourceName === String(broker.nodeId)) {
    const { given } = broker.config;
    const all = entries(broker, brokerSettings, resource, (name) => {
      const value = given[name];
      return value === undefined ? null : { value, source: FROM_BROKER };
    });
    return result(ErrorCode.NONE, '', [...all, ...ownEntries(broker, 'broker', resourceName)]);
  }
  return result(ErrorCode.INVALID_REQUEST, `this is broker ${broker.nodeId}`, []);
}

/** Texts: what they mean is the knowledge of those who keep them. */
function ownEntries(broker: BrokerParts, type: 'group' | 'broker', of: string): Entry[] {
  const own = broker.image().configs.get(resourceKey(type, of)) ?? [];
  return [...own].map(([name, value]) => ({
    name,
    value,
    readOnly: false,
    configSource: type === 'group' ? FROM_GROUP : FROM_ONE_BROKER,
    isSensitive: false,
    synonyms: [],
    configType: TYPE_NUMBERS.string,
    documentation: '',
  }));
}

function entries(
  broker: BrokerParts,
  settings: Settings,
  { configurationKeys }: Resource,
  given: (name: string) => { readonly value: string; readonly source: number } | null,
): Entry[] {
  const names = Object.keys(settings).filter(
    (name) => configurationKeys === null || configurationKeys.includes(name),
  );
  return names.map((name) => {
    const setting = settings[name];
    assert(setting !== undefined, 'a setting of the table', { name });
    const found = given(name) ?? {
      value: defaultText(broker, settings, name),
      source: FROM_DEFAULT,
    };
    return entry(name, setting, found);
  });
}

/** Topic settings that changed between releases have the profile's default without the mark. */
function defaultText(broker: BrokerParts, settings: Settings, name: string): string {
  const released = releaseDefaults(broker.profile)[name];
  return released ?? defaultOf(settings, name, broker.profile);
}

function entry(
  name: string,
  setting: Setting,
  found: { readonly value: string; readonly source: number },
): Entry {
  return {
    name,
    value: found.value,
    readOnly: false,
    configSource: found.source,
    isSensitive: false,
    synonyms: [],
    configType: TYPE_NUMBERS[setting.type],
    documentation: setting.about,
  };
}
