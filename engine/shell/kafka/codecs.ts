/**
 * Kafka's codecs, for a terminal: whoever types may ask a topic or a producer for any of them. Not
 * here: the codecs themselves (`engine/bytes`).
 */
import '../../bytes/codecs.ts';
