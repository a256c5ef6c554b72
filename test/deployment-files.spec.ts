import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

const root = join(__dirname, '..');
const read = (path: string): Promise<string> => readFile(join(root, path), 'utf8');

/** What stands in the parentheses, of each match. */
const all = (text: string, pattern: RegExp): readonly string[] =>
  [...text.matchAll(pattern)].map(([, found = '']) => found);

describe('the files of deploy/', () => {
  it('name the same gateways for nginx and for compose', async () => {
    const nginx = all(await read('deploy/nginx.conf'), /^ +server (gateway-\d+):8080 /gm);
    const compose = all(await read('deploy/docker-compose.yml'), /^ {2}(gateway-\d+):$/gm);
    expect(nginx).toHaveLength(3);
    expect(nginx).toEqual(compose);
  });

  it('have the gateways trust the address of nginx, and no other', async () => {
    const compose = await read('deploy/docker-compose.yml');
    const [service = ''] = all(compose, /^ {2}nginx:\n((?: {4}.*\n)+)/gm);
    const [address] = all(service, /ipv4_address: (\S+)/g);
    expect(all(compose, /WSC_TRUSTED_PROXIES: (.*)/g)).toEqual([address]);
  });

  it('set variables only that there are', async () => {
    const known = all(await read('.env.example'), /^# ([A-Z_]+)=/gm);
    const used = all(await read('deploy/docker-compose.yml'), /\b((?:WSC|JWT|REDIS)_[A-Z_]+)[:=]/g);
    expect(used.length).toBeGreaterThan(4);
    for (const name of used) expect(known).toContain(name);
  });

  it('put every package into the image', async () => {
    const dockerfile = await read('deploy/Dockerfile');
    const [libraries, programs] = await Promise.all(['libs', 'apps'].map((folder) => readdir(join(root, folder))));
    const packages = [...libraries!.map((name) => `libs/${name}`), ...programs!.map((name) => `apps/${name}`)];
    expect(all(dockerfile, /^COPY (\S+)\/package\.json /gm).toSorted()).toEqual(packages.toSorted());
    expect(all(dockerfile, /^COPY --from=build \/app\/(\S+)\/dist /gm).toSorted()).toEqual(packages.toSorted());
  });
});
