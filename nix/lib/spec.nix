# The spec: what a container is asked to be. The mirror of ContainerSpec in agent/core/workload.py; a test holds the
# two against each other field by field.
{
  version = 1;

  fields = {
    version = {
      type = "integer";
      enum = [ 1 ];
      default = 1;
      description = "Version of this spec.";
    };
    name = {
      type = "string";
      pattern = "[a-z]([a-z0-9-]{0,30}[a-z0-9])?";
      accepted = "1 to 32 lower-case letters, digits and hyphens; it begins with a letter and does not end with a hyphen";
      description = "The person's own name for the container.";
    };
    modules = {
      type = "array";
      items = {
        type = "string";
        pattern = "[a-z][a-z0-9-]{0,39}";
        accepted = "the name of a module";
      };
      default = [ ];
      description = "Names of the modules that it is made of.";
    };
    options = {
      type = "object";
      additionalProperties.type = "object";
      default = { };
      description = "Options of these modules, by module and by option.";
    };
  };
}
