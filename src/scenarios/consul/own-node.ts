/** A real agent enters the addresses of its node into the catalog a moment after it serves. */
export async function untilOwnNodeIsWhole(port: number): Promise<void> {
  for (let index = '0'; ; ) {
    const answer = await fetch(`http://127.0.0.1:${port}/v1/catalog/nodes?index=${index}&wait=10s`);
    index = answer.headers.get('x-consul-index') ?? '0';
    const [node] = (await answer.json()) as { TaggedAddresses: object | null }[];
    if (node?.TaggedAddresses) return;
  }
}
