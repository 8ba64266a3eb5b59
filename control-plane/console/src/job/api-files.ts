/** The files of a run where the control plane has them. */
import { api as endpoints } from '@casare/shared/client';
import { useMemo } from 'react';
import { artifactUrl, type Api } from '../api.ts';
import type { RunFiles } from '../record/run-files.tsx';

export function useApiFiles(api: Api): RunFiles {
  return useMemo(
    () => ({
      href: ({ id }) => artifactUrl(id),
      read: async ({ id }, signal) => {
        const response = await api.call(endpoints.artifacts.get, { params: { id }, signal });
        return response.arrayBuffer();
      },
    }),
    [api],
  );
}
