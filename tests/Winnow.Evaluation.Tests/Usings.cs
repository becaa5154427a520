global using Winnow.Tests;
