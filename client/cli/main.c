/* krige: the command line of kriged. */
#include "client/cli/cli.h"

int main(int argc, char **argv)
{
	return cli_main(argc, argv);
}
