/* no_symbol - a shared object that is no application: refused. */
extern const int frog_app;
const int frog_app = 1;
