/**
 * Commands of RabbitMQ's tools that are not here, by tool: who types one hears that it is not
 * supported, and not that there is none of the name. Source: the help of 3.10.8.
 */
import type { ToolName } from './cli-command.ts';

const foreign: Readonly<Record<ToolName, string>> = {
  rabbitmqctl:
    'autocomplete version rotate_logs shutdown stop wait force_boot rename_cluster_node ' +
    'update_cluster_nodes ' +
    'cancel_sync_queue clear_user_limits list_user_limits set_user_limits list_ciphers ' +
    'list_hashes list_node_auth_attempt_stats report schema_info clear_global_parameter ' +
    'clear_parameter list_global_parameters list_parameters set_global_parameter set_parameter ' +
    'clear_vhost_limits list_vhost_limits restart_vhost set_vhost_limits set_vhost_tags ' +
    'trace_off trace_on decode encode environment set_log_level export_definitions ' +
    'import_definitions enable_feature_flag list_feature_flags eval eval_file exec force_gc ' +
    'resume_listeners suspend_listeners hipe_compile node_health_check',
  'rabbitmq-queues':
    'autocomplete check_if_node_is_mirror_sync_critical peek rebalance reclaim_quorum_memory ' +
    'stream_status',
  'rabbitmq-diagnostics':
    'autocomplete version wait list_user_limits check_certificate_expiration ' +
    'check_if_node_is_mirror_sync_critical cipher_suites consume_event_stream discover_peers ' +
    'erlang_version is_booting list_ciphers list_hashes list_network_interfaces ' +
    'list_node_auth_attempt_stats log_tail log_tail_stream maybe_stuck memory_breakdown ' +
    'observer remote_shell report runtime_thread_stats schema_info stream_status tls_versions ' +
    'list_global_parameters list_parameters list_vhost_limits certificates ' +
    'command_line_arguments disable_auth_attempt_source_tracking ' +
    'enable_auth_attempt_source_tracking environment erlang_cookie_hash erlang_cookie_sources ' +
    'log_location os_env reset_node_auth_attempt_metrics resolve_hostname resolver_info ' +
    'list_feature_flags reclaim_quorum_memory node_health_check',
};

export function isForeign(tool: ToolName, command: string): boolean {
  return foreign[tool].split(' ').includes(command);
}
