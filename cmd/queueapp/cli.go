package main

// grammar is the command line, as kong reads it.
type grammar struct {
	Config string `short:"c" default:"${config}" placeholder:"FILE" help:"Read FILE (or set QUEUEAPP_CONFIG) and QUEUEAPP_SECTION_KEY over it. Default: ${config}"`

	Run           runCommand           `cmd:"" group:"The queue" help:"Own the floor, or stand by for it, until SIGTERM; the calls go on."`
	Doctor        doctorCommand        `cmd:"" group:"The queue" help:"Try every link and name the remedy for each that fails."`
	CheckConfig   checkConfigCommand   `cmd:"" group:"Set-up" help:"Say everything that is wrong with queueapp.toml, or with the files named."`
	DefaultConfig defaultConfigCommand `cmd:"" group:"Set-up" help:"Print a queueapp.toml, or a floor plan, to start from."`
	Migrate       migrateCommand       `cmd:"" group:"Set-up" help:"Bring the database's tables to this version."`
	Apply         applyCommand         `cmd:"" group:"Set-up" help:"Put a floor plan in force, at once and as a whole."`
	Export        exportCommand        `cmd:"" group:"Set-up" help:"Print the floor plan in force."`
	Import        importCommand        `cmd:"" group:"Set-up" help:"Make a floor plan of another queue's configuration, and say of each line what became of it."`
	Customers     customersCommand     `cmd:"" group:"Set-up" help:"Fill Ringside's own table of customers."`
	Agents        agentsCommand        `cmd:"" group:"The floor" help:"List the agents and what each is doing."`
	Queues        queuesCommand        `cmd:"" group:"The floor" help:"List the queues and how they stand."`
	Calls         callsCommand         `cmd:"" group:"The floor" help:"List the calls that wait or talk."`
	Agent         agentCommand         `cmd:"" group:"The floor" help:"Log an agent on or off, pause, make ready."`
	Call          callCommand          `cmd:"" group:"The floor" help:"Show a call, change its priority, give it to an extension, withdraw it, hang it up."`
	Route         routeCommand         `cmd:"" group:"The floor" help:"Say who would get a queue's next call, and why nobody else."`
	Journal       journalCommand       `cmd:"" group:"The floor" help:"Tell a call's story, from the journal."`
	Release       releaseCommand       `cmd:"" group:"The floor" help:"Send every waiting caller on in the dialplan: the last resort."`
	Version       versionCommand       `cmd:"" group:"The queue" help:"Say which version this is."`
}

// listing are the flags of every listing.
type listing struct {
	JSON  bool `help:"Print JSON; with --watch, a line for each change."`
	Watch bool `short:"w" help:"Keep it up to date until interrupted."`
}
