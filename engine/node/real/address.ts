/** Where a real cluster is: `kafka://host:port[,host:port...]`. */

/** The bootstrap servers of an address, or null where it is none. */
export function bootstrapOf(address: string): readonly string[] | null {
  const match = /^kafka:\/\/(.+)$/.exec(address);
  const servers = match?.[1]?.split(',') ?? [];
  const isServer = (server: string): boolean => {
    const [, port] =
      /^[^\s:/,]+:(\d{1,5})$/.exec(server) ?? /^\[[0-9a-fA-F:]+\]:(\d{1,5})$/.exec(server) ?? [];
    return port !== undefined && Number(port) >= 1 && Number(port) <= 65_535;
  };
  return servers.length > 0 && servers.every(isServer) ? servers : null;
}
