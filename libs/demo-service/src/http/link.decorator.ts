import { ValidateBy } from 'class-validator';

const linkPattern = /^(https?:\/\/[^\s]+|\/(?!\/)[^\s]*)$/;
const maxLength = 2048;

/** An http(s) address or a path of the site. Whoever shows it will make it a link: `javascript:` must not come through. */
export const IsLink = (): PropertyDecorator =>
  ValidateBy({
    name: 'isLink',
    validator: {
      validate: (value: unknown) => typeof value === 'string' && value.length <= maxLength && linkPattern.test(value),
      defaultMessage: (args) => `${args?.property ?? 'value'} must be an http(s) address or a path`,
    },
  });
