import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The programs that the tests need and npm cannot bring, by the environment variable that says where one is. */
const programs = {
  CHROMIUM_PATH: {
    names: ['chromium', 'chromium-browser', 'google-chrome-stable', 'google-chrome', 'chrome'],
    elsewhere: ['Chromium', 'Google Chrome'].map((name) => `/Applications/${name}.app/Contents/MacOS/${name}`),
  },
  REDIS_SERVER_PATH: { names: ['redis-server'], elsewhere: [] },
  // Debian leaves the folder of servers out of the PATH of everyone but root.
  NGINX_PATH: { names: ['nginx'], elsewhere: ['/usr/local/sbin/nginx', '/usr/sbin/nginx'] },
};

export const programVariables = Object.keys(programs);

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Where a program is: what its variable says, else the first one installed on this machine.
 *
 * @param {keyof typeof programs} variable
 * @returns {string | undefined}
 */
export function findProgram(variable, environment = process.env) {
  if (environment[variable]) return environment[variable];
  const { names, elsewhere } = programs[variable];
  const folders = (environment.PATH ?? '').split(delimiter).filter((folder) => folder !== '');
  const candidates = folders.flatMap((folder) => names.map((name) => join(folder, name)));
  return [...candidates, ...elsewhere].find(isExecutable);
}
