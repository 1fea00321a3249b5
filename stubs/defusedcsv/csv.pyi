from csv import *
