// ctx.kici: questions a step may ask the orchestrator.

import type { KiciApi, KiciTransport } from '../sdk';

export function buildKiciApi(transport: KiciTransport, job?: { runId?: string; jobId?: string }): KiciApi {
  return {
    infrastructure: {
      list: () => transport.request('infrastructure.list', {}) as ReturnType<KiciApi['infrastructure']['list']>,
    },
    oidc: {
      token: (options: { audience: string }) => {
        if (job === undefined) return Promise.reject(new Error('kici.oidc.token is only available inside a job'));
        return transport.request('oidc.token', { ...options, ...job }) as Promise<string>;
      },
    },
  };
}
