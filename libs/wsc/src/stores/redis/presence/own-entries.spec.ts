import { OwnEntries } from './own-entries.js';
import { entry } from './presence-nodes.fixture.js';

const ann = entry('ann');
const create = (): OwnEntries => new OwnEntries({ partitionCount: 1, partitionOf: () => 0 });

describe('a doubt whether others know a fact', () => {
  it('is settled once', () => {
    const own = create();
    own.add(ann);
    own.join(ann, 'chat:1');
    own.unheard({ entry: ann });
    own.deny();
    const settled = [{ entry: ann }, { entry: ann, room: 'chat:1' }].map((fact) => [
      own.settle(fact),
      own.settle(fact),
    ]);
    expect(settled).toEqual([
      ['unheard', undefined],
      ['denied', undefined],
    ]);
  });

  it('is there for nothing that has ended, and does not come back with it', () => {
    const own = create();
    own.add(ann);
    own.join(ann, 'chat:1');
    own.deny();
    own.leave(ann, 'chat:1');
    own.unheard({ entry: ann, room: 'chat:1' });
    own.join(ann, 'chat:1');
    expect(own.settle({ entry: ann, room: 'chat:1' })).toBeUndefined();
    own.remove(ann);
    own.unheard({ entry: ann });
    own.add(ann);
    expect(own.settle({ entry: ann })).toBeUndefined();
  });
});
